-- SPDX-License-Identifier: MIT
--- What is different on a terminal: how wide it is, and colours.

local core = require "partnercenter.core"
local encoding = require "partnercenter.journal.encoding"

local M = {}

--- The descriptors of the standard files.
local DESCRIPTORS = { [io.stdin] = 0, [io.stdout] = 1, [io.stderr] = 2 }

local CODES = { red = "31", green = "32", yellow = "33", bold = "1", dim = "2" }

--- How many columns the terminal has that a standard file leads to; nil where it is none.
---@return integer?
function M.columns(file)
  return core.terminal(DESCRIPTORS[file])
end

--- The text in a colour, on a terminal that may have any.
---@param file file*
---@param colour string? `red`, `green`, `yellow`, `bold` or `dim`
function M.paint(file, text, colour)
  local no_color = os.getenv "NO_COLOR"
  if not colour or no_color and no_color ~= "" or os.getenv "TERM" == "dumb" or not M.columns(file) then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(CODES[colour], text)
end

--- The colour of a word that says how things stand.
M.COLOURS = {
  Approved = "green", succeeded = "green", Denied = "red", denied = "red", failed = "red", InReview = "yellow",
  vetting = "yellow", sending = "yellow",
}

--- What does something to a terminal, as patterns: control characters, and those that turn the direction
--- of writing.
local ACTIVE = { "[%z\1-\31\127]+", "\194[\128-\159]", "\226\128[\142\143\170-\174]", "\226\129[\166-\169]" }

--- A text that does nothing to a terminal or a line: it may be the service's.
---@return string
function M.plain(text)
  text = encoding.of_text(tostring(text))
  for _, pattern in ipairs(ACTIVE) do
    text = text:gsub(pattern, " ")
  end
  return text
end

--- How many columns a text takes.
---@return integer
function M.width(text)
  return text:find "[\128-\255]" and select(2, core.fit(text, math.huge)) or #text
end

local function is_utf8()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value:lower():find "utf%-?8" ~= nil
    end
  end
  return false
end

--- What stands for the rest of a text.
local MORE = is_utf8() and "…" or "~"

--- The beginning of a text that takes at most so many columns.
---@return string
function M.cut(text, columns)
  if M.width(text) <= columns then
    return text
  end
  return text:sub(1, (core.fit(text, columns - 1))) .. MORE
end

return M
