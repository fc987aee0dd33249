-- SPDX-License-Identifier: MIT
--- Rows as a table with aligned columns, no wider than the terminal.

local terminal = require "partnercenter.command.terminal"

local M = {}

local GAP = 2

--- A column is not made narrower than this for the sake of the others.
local LEAST = 12

---@class partnercenter.Column
---@field title string
---@field name string the field of the rows
---@field is_number boolean? it is aligned to the right

local function cell(row, column)
  local value = row[column.name]
  return value == nil and "" or terminal.plain(value)
end

local function widths_of(columns, rows)
  local widths = {}
  for i, column in ipairs(columns) do
    widths[i] = terminal.width(column.title)
    for _, row in ipairs(rows) do
      widths[i] = math.max(widths[i], terminal.width(cell(row, column)))
    end
  end
  return widths
end

--- Makes the widest columns narrower until the table fits, as far as that goes.
local function fit(widths, room)
  local total = GAP * (#widths - 1)
  for _, width in ipairs(widths) do
    total = total + width
  end
  while total > room do
    local widest = 1
    for i = 2, #widths do
      widest = widths[i] > widths[widest] and i or widest
    end
    if widths[widest] <= LEAST then
      break
    end
    widths[widest] = widths[widest] - 1
    total = total - 1
  end
end

local function line(columns, widths, text_of, paint)
  local parts = {}
  for i, column in ipairs(columns) do
    local text = terminal.cut(text_of(column), widths[i])
    local space = (" "):rep(widths[i] - terminal.width(text))
    local painted = paint and paint(text) or text
    parts[i] = column.is_number and space .. painted or i < #columns and painted .. space or painted
  end
  return (table.concat(parts, (" "):rep(GAP)):gsub("%s+$", ""))
end

--- The lines of the table, the titles first.
---@param columns partnercenter.Column[]
---@param rows table[]
---@param room integer columns of the terminal
---@param paint fun(text: string, colour: string?): string
---@return string[]
function M.lines(columns, rows, room, paint)
  local widths = widths_of(columns, rows)
  fit(widths, room)
  local lines = { line(columns, widths, function(column) return column.title end, function(text)
    return paint(text, "bold")
  end) }
  for i, row in ipairs(rows) do
    lines[i + 1] = line(columns, widths, function(column) return cell(row, column) end, function(text)
      return paint(text, terminal.COLOURS[text])
    end)
  end
  return lines
end

return M
