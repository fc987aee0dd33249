-- SPDX-License-Identifier: MIT
--- What is different on a terminal: how wide it is, and colours.

local core = require "partnercenter.core"

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

--- A text that does nothing to a terminal or a line: it may be the service's.
---@return string
function M.plain(text)
  return (tostring(text):gsub("[%z\1-\31\127]+", " "):gsub("\194[\128-\159]", " "))
end

--- How many columns a text takes: its characters, as most have one.
---@return integer
function M.width(text)
  return #(text:gsub("[\128-\191]", ""))
end

--- The beginning of a text that takes at most so many columns.
---@return string
function M.cut(text, columns)
  if M.width(text) <= columns then
    return text
  end
  local kept, position = 0, 1
  while kept < columns - 1 do
    position = text:find("[%z\1-\127\194-\255]", position + 1) or #text + 1
    kept = kept + 1
  end
  return text:sub(1, position - 1) .. "…"
end

return M
