-- SPDX-License-Identifier: MIT
--- A run as tables on a terminal, as plain lines in a pipe, or as JSON: the summary, then the denied and
--- the failed customers.

local advice = require "partnercenter.command.report.advice"
local run_report = require "partnercenter.command.report.run"
local terminal = require "partnercenter.command.terminal"
local words = require "partnercenter.command.words"

local M = {}

--- How many customers of a state are shown on a terminal.
local MOST = 100

local COUNTS = {
  { title = "STATE", name = "state", is_whole = true },
  { title = "CUSTOMERS", name = "count", is_number = true },
  { title = "", name = "meaning", is_broken = true },
}

local CUSTOMERS = {
  { title = "LINE", name = "line", is_number = true },
  { title = "CUSTOMER", name = "customer_id", is_whole = true },
  { title = "QUALIFICATION", name = "qualification", is_whole = true },
  { title = "REASON", name = "reason", is_broken = true },
}

local FAILURES = {
  { title = "CUSTOMERS", name = "count", is_number = true },
  { title = "CATEGORY", name = "category", is_whole = true },
  { title = "WHAT CAN BE DONE", name = "advice", is_broken = true },
}

--- In a pipe each line says what it is of.
local PLAIN = { { name = "state" }, CUSTOMERS[1], CUSTOMERS[2], CUSTOMERS[3], { name = "category" }, CUSTOMERS[4] }

local function counts_of(run)
  local rows = {}
  for _, state in ipairs(run_report.STATES) do
    if run.counts[state] > 0 or #rows == 0 then
      rows[#rows + 1] = { state = state, count = run.counts[state], meaning = advice.of_state(run, state) }
    end
  end
  return rows
end

local function heading(out, text)
  out:line("")
  out:line(terminal.paint(io.stdout, text, "bold"))
end

local function print_customers(run, out, state)
  local rows, count = {}, run.counts[state]
  for customer in run:customers(state) do
    if #rows == MOST then
      break
    end
    rows[#rows + 1] = customer
  end
  out:rows(CUSTOMERS, rows)
  if count > #rows then
    out:line(("and %d more: --format csv has all of them"):format(count - #rows))
  end
end

local function print_tables(run, out)
  out:line(("%s: %s%s, %s, %s UTC and %s on"):format(terminal.plain(run.at), words.count(run.total, "customer"),
    run.is_partial and " so far" or "", words.count(run.requests, "request"),
    os.date("!%Y-%m-%d %H:%M", math.floor(run.begun)), words.duration(run.changed - run.begun)))
  out:line ""
  out:rows(COUNTS, counts_of(run))
  if run.counts.denied > 0 then
    heading(out, "Denied")
    print_customers(run, out, "denied")
  end
  if run.counts.failed > 0 then
    heading(out, "Failed")
    out:rows(FAILURES, run:failures())
    out:line ""
    print_customers(run, out, "failed")
  end
end

local function print_lines(run, out)
  local summary = { run = run.name, total = run.total, requests = run.requests, counts = run.counts,
    begun = run.begun, changed = run.changed }
  if out.is_json then
    out:row({}, summary)
  else
    out:rows({ COUNTS[1], COUNTS[2] }, counts_of(run))
  end
  for _, state in ipairs { "denied", "failed" } do
    for customer in run:customers(state) do
      if not out:row(PLAIN, customer) then
        return
      end
    end
  end
end

---@param run partnercenter.RunReport
---@param out partnercenter.Output
function M.print(run, out)
  if out.columns and not out.is_json then
    print_tables(run, out)
  else
    print_lines(run, out)
  end
end

return M
