-- SPDX-License-Identifier: MIT
--- Rows as a table with aligned columns, no wider than the terminal. Where it is too narrow for that, each
--- row has a line for each of its fields.

local core = require "partnercenter.core"
local terminal = require "partnercenter.command.terminal"

local M = {}

local GAP = 2

--- A column is not made narrower than this for the sake of the others.
local LEAST = 12

--- And one whose texts are broken into lines not narrower than this.
local LEAST_BROKEN = 20

---@class partnercenter.Column
---@field title string
---@field name string the field of the rows
---@field is_number boolean? it is aligned to the right
---@field is_whole boolean? its texts are never cut, as those are not that somebody copies
---@field is_broken boolean? for the last one: a long text takes several lines, and is not cut

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

--- The column that gives way: one that is broken into lines, or else the widest; nil where none can.
local function next_narrower(columns, widths)
  local last, widest = #columns, nil
  if columns[last].is_broken and widths[last] > LEAST_BROKEN then
    return last
  end
  for i, column in ipairs(columns) do
    local may = not column.is_whole and not column.is_number and not column.is_broken and widths[i] > LEAST
    if may and (not widest or widths[i] > widths[widest]) then
      widest = i
    end
  end
  return widest
end

--- Makes columns narrower until the table fits.
---@return boolean fits
local function fit(columns, widths, room)
  local total = GAP * (#widths - 1)
  for _, width in ipairs(widths) do
    total = total + width
  end
  while total > room do
    local narrower = next_narrower(columns, widths)
    if not narrower then
      return false
    end
    widths[narrower] = widths[narrower] - 1
    total = total - 1
  end
  return true
end

--- A text broken into lines of so many columns, between words where that can be.
local function break_lines(text, width)
  local lines = {}
  for word in text:gmatch "%S+" do
    local longer = lines[1] and lines[#lines] .. " " .. word
    if longer and terminal.width(longer) <= width then
      lines[#lines] = longer
    else
      lines[#lines + 1] = word
    end
    while terminal.width(lines[#lines]) > width do
      local fitting = math.max(1, (core.fit(lines[#lines], width)))
      lines[#lines], lines[#lines + 1] = lines[#lines]:sub(1, fitting), lines[#lines]:sub(fitting + 1)
    end
  end
  return lines
end

local function line(columns, widths, text_of, paint)
  local parts = {}
  for i, column in ipairs(columns) do
    local text = column.is_broken and text_of(column) or terminal.cut(text_of(column), widths[i])
    local space = (" "):rep(widths[i] - terminal.width(text))
    local painted = paint(text)
    parts[i] = column.is_number and space .. painted or i < #columns and painted .. space or painted
  end
  return (table.concat(parts, (" "):rep(GAP)):gsub("%s+$", ""))
end

--- Adds the lines of a row.
local function add_row(lines, columns, widths, row, paint)
  local last = columns[#columns]
  local parts = last.is_broken and break_lines(cell(row, last), widths[#widths]) or { cell(row, last) }
  for i, part in ipairs(#parts > 0 and parts or { "" }) do
    lines[#lines + 1] = line(columns, widths, function(column)
      return column == last and part or i == 1 and cell(row, column) or ""
    end, paint)
  end
end

--- Adds a row with a line for each of its fields.
local function add_record(lines, columns, row, room, paint, paint_title)
  local width = 0
  for _, column in ipairs(columns) do
    width = math.max(width, terminal.width(column.title))
  end
  for _, column in ipairs(columns) do
    local title, text = column.title, cell(row, column)
    for _, part in ipairs(column.is_whole and { text } or break_lines(text, math.max(LEAST, room - width - GAP))) do
      lines[#lines + 1] = paint_title(title) .. (" "):rep(width - terminal.width(title) + GAP) .. paint(part)
      title = ""
    end
  end
end

--- The lines of the table, the titles first.
---@param columns partnercenter.Column[]
---@param rows table[]
---@param room integer columns of the terminal
---@param paint fun(text: string, colour: string?): string
---@return string[]
function M.lines(columns, rows, room, paint)
  local widths, lines = widths_of(columns, rows), {}
  local function paint_title(text) return text ~= "" and paint(text, "bold") or "" end
  local function paint_cell(text) return paint(text, terminal.COLOURS[text]) end
  if fit(columns, widths, room) then
    lines[1] = line(columns, widths, function(column) return column.title end, paint_title)
    for _, row in ipairs(rows) do
      add_row(lines, columns, widths, row, paint_cell)
    end
    return lines
  end
  for i, row in ipairs(rows) do
    lines[#lines + 1] = i > 1 and "" or nil
    add_record(lines, columns, row, room, paint_cell, paint_title)
  end
  return lines
end

return M
