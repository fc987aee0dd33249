-- SPDX-License-Identifier: MIT
--- A run as one page of HTML that needs nothing else: to send, and to print.

local advice = require "partnercenter.command.report.advice"
local core = require "partnercenter.core"
local course = require "partnercenter.command.report.course"
local run_report = require "partnercenter.command.report.run"
local style = require "partnercenter.command.report.style"
local words = require "partnercenter.command.words"

local M = {}

--- How many customers of a state are listed: the page is for reading.
local MOST = 500

local TITLES = {
  succeeded = "succeeded", denied = "denied", failed = "failed", vetting = "in vetting", sending = "under way",
}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(value)
  return (tostring(value == nil and "" or value):gsub("[%z\1-\8\11-\31]", " "):gsub("[&<>\"']", ESCAPES))
end

local function counted(number, noun)
  return words.count(number, noun, course.number(number))
end

--- Seconds in words.
local function duration(seconds)
  local units, text = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" } }, nil
  for i, unit in ipairs(units) do
    if seconds >= 2 * unit[1] or i == #units then
      text = ("%.0f %s"):format(math.max(1, seconds / unit[1]), unit[2])
      break
    end
  end
  return text == "1 seconds" and "a second" or text
end

--- Lets a name like GovernmentCommunityCloud be broken between its words.
local function breakable(text)
  return text:find "^%u%l+%u%a+$" and text:gsub("(%l)(%u)", "%1<wbr>%2") or text
end

local function head(run)
  local title = "Qualifications of " .. counted(run.total, "customer") .. (run.is_partial and " so far" or "")
  return table.concat({
    '<!DOCTYPE html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    ("<title>%s</title>"):format(title), "<style>", style .. "</style>", "</head>", "<body>", ("<h1>%s</h1>"):format(title),
    ('<p class="soft">%s UTC, within %s, with %s to Microsoft Partner Center</p>'):format(
      os.date("!%d %B %Y, %H:%M", math.floor(run.begun)), duration(run.changed - run.begun),
      counted(run.requests, "request")),
  }, "\n")
end

--- A part in percent, which is 100 only where it is all.
local function share(count, total)
  local percent = total > 0 and 100 * count / total or 0
  return (("%.1f&#8239;%%"):format(count < total and math.min(percent, 99.9) or percent):gsub("%.0&", "&"))
end

local function counts(run)
  local lines, notes = { '<div class="counts">' }, {}
  for _, state in ipairs(run_report.STATES) do
    local count = run.counts[state]
    if count > 0 or state == "succeeded" then
      lines[#lines + 1] = ('<div class="count %s"><b>%s<small>%s</small></b>%s</div>'):format(state, course.number(count),
        share(count, run.total), TITLES[state])
      local note = count > 0 and state ~= "denied" and advice.of_state(run, state)
      notes[#notes + 1] = note and ("<p><b>%s:</b> %s</p>"):format(TITLES[state], escape(note)) or nil
    end
  end
  local unread = run.total
  for _, count in pairs(run.counts) do
    unread = unread - count
  end
  if unread > 0 then
    lines[#lines + 1] = ('<div class="count"><b>%s</b>not begun</div>'):format(course.number(unread))
  end
  return table.concat(lines, "\n") .. "\n</div>\n" .. table.concat(notes, "\n")
end

local function plot(run)
  local svg = course.svg(run)
  if not svg then
    return ""
  end
  local keys = {}
  for _, state in ipairs { "succeeded", "denied", "failed" } do
    if run.counts[state] > 0 then
      keys[#keys + 1] = ('<span class="key %s"></span>%s'):format(state, TITLES[state])
    end
  end
  return ('<h2>Course</h2>\n<figure>\n<div class="wide">%s</div>\n<figcaption>%s <span class="note">The dashed line is all '
    .. "customers; times are UTC.</span></figcaption>\n</figure>"):format(svg, table.concat(keys, " "))
end

--- A table. A column has a title, the name of its field, and a class.
local function html_table(columns, rows)
  local lines = { '<div class="wide"><table>', "<thead><tr>" }
  for _, column in ipairs(columns) do
    lines[#lines + 1] = ('<th class="%s" scope="col">%s</th>'):format(column.class or "", column.title)
  end
  lines[#lines + 1] = "</tr></thead>\n<tbody>"
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = ('<td class="%s" data-title="%s">%s</td>'):format(column.class or "", column.title,
        breakable(escape(row[column.name])))
    end
    lines[#lines + 1] = "<tr>" .. table.concat(cells) .. "</tr>"
  end
  lines[#lines + 1] = "</tbody></table></div>"
  return table.concat(lines, "\n")
end

local CUSTOMERS = {
  { title = "Line", name = "line", class = "number" }, { title = "Customer", name = "customer_id", class = "id" },
  { title = "Website", name = "website" }, { title = "Qualification", name = "qualification" },
  { title = "Reason", name = "reason", class = "reason" },
}

local FAILURES = {
  { title = "Customers", name = "count", class = "number" }, { title = "Category", name = "category" },
  { title = "What can be done", name = "advice" },
}

local function customers(run, state)
  local rows = {}
  for customer in run:customers(state) do
    if #rows == MOST then
      break
    end
    rows[#rows + 1] = customer
  end
  local more = run.counts[state] - #rows
  return html_table(CUSTOMERS, rows)
    .. (more > 0 and ("\n<p>And %s more: the CSV report has all of them.</p>"):format(course.number(more)) or "")
end

local function sections(run)
  local parts = {}
  if run.counts.denied > 0 then
    parts[#parts + 1] = ("<h2>Denied</h2>\n<p>%s</p>\n%s"):format(escape(advice.DENIED), customers(run, "denied"))
  end
  if run.counts.failed > 0 then
    parts[#parts + 1] = "<h2>Failed</h2>\n" .. html_table(FAILURES, run:failures())
    parts[#parts + 1] = "<h2>The customers that failed</h2>\n" .. customers(run, "failed")
  end
  return table.concat(parts, "\n")
end

---@param run partnercenter.RunReport
---@param out partnercenter.Output
function M.print(run, out)
  out:line(table.concat({
    head(run), counts(run), plot(run), sections(run),
    ("<footer>Run %s of %s. Made by partnercenter %s on %s UTC.</footer>"):format(escape(run.name),
      escape(run.at:match "[^/]*$"), core.version, os.date "!%d %B %Y, %H:%M"),
    "</body>\n</html>",
  }, "\n"))
end

return M
