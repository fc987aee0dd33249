-- SPDX-License-Identifier: MIT
--- The results of the benchmark as lines on the terminal, a Markdown table and a plot.

local files = require "tests.support.files"
local measure = require "tests.bench.measure"
local upstream = require "tests.bench.upstream"

local M = {}

local TABLE, PLOT, DATA = "build/bench/result.md", "build/bench/result.svg", "build/bench/result.dat"

--- A row of the report, which is also shown at once.
---@param group table of cases.lua
---@param case table with `values` and `compared`, a number a round
---@return table row
function M.row(group, protocol, case)
  local unit = measure.QUANTITIES[case.quantity].unit
  local row = {
    group = group, protocol = protocol, name = case.name, median = measure.quantile(case.values, 0.5),
    value = "", compared = "", spread = "", bar = "", verdict = "",
  }
  row.value = ("%.1f %s"):format(row.median, unit)
  if #case.compared > 0 then
    local format = group.difference and "%.2f " .. unit or "%.3f"
    row.comparison = measure.quantile(case.compared, 0.5)
    row.compared = format:format(row.comparison)
    row.spread = ("%.3f to %.3f"):format(measure.quantile(case.compared, 0.25), measure.quantile(case.compared, 0.75))
    if case.bar then
      row.is_missed = row.comparison > case.bar
      row.bar, row.verdict = ("%g"):format(case.bar), row.is_missed and "**missed**" or "reached"
    end
  end
  if group ~= M.last_group or protocol ~= M.last_protocol then
    print(("\n%s, %s"):format(group.name, upstream.PROTOCOLS[protocol].name))
    M.last_group, M.last_protocol = group, protocol
  end
  print(("  %-28s %16s %12s  %-16s %5s %s"):format(row.name, row.value, row.compared, row.spread, row.bar, row.verdict))
  return row
end

local function join_markdown(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function table_of(rows)
  local lines = {
    "| | | | to the reference | quartiles | bar | |",
    "|---|---|---|---|---|---|---|",
  }
  local seen = {}
  for _, first in ipairs(rows) do
    local group = first.group
    if not seen[group] then
      seen[group] = true
      lines[#lines + 1] = ("| **%s** | | | | | | |"):format(group.name)
      for _, row in ipairs(rows) do
        if row.group == group then
          lines[#lines + 1] = join_markdown {
            upstream.PROTOCOLS[row.protocol].name, row.name, row.value, row.compared, row.spread, row.bar, row.verdict,
          }
        end
      end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The groups that are plotted, with what was measured as a grid of contestants and protocols.
---@return table[] grids `group`, `names` (in order), `cells` (rows of the report, by name and protocol)
local function grids_of(rows)
  local grids, by_group = {}, {}
  for _, row in ipairs(rows) do
    if row.group.plot then
      local grid = by_group[row.group] or { group = row.group, names = {}, cells = {} }
      if not by_group[row.group] then
        grids[#grids + 1], by_group[row.group] = grid, grid
      end
      if not grid.cells[row.name] then
        grid.names[#grid.names + 1], grid.cells[row.name] = row.name, {}
      end
      grid.cells[row.name][row.protocol] = row
    end
  end
  return grids
end

--- The lines of a grid: the name and a cell for each protocol, made and joined by functions.
local function lines_of(grid, join, first, cell)
  local lines = {}
  for i, name in ipairs(grid.names) do
    local line = { first(name) }
    for place, protocol in ipairs(upstream.ORDER) do
      line[place + 1] = cell(grid.cells[name][protocol])
    end
    lines[i] = join(line)
  end
  return table.concat(lines, "\n")
end

--- A grid in Markdown: microseconds, and in brackets how many times the reference's.
local function brief(grid)
  local head = { grid.group.name }
  for place, protocol in ipairs(upstream.ORDER) do
    head[place + 1] = upstream.PROTOCOLS[protocol].name
  end
  return join_markdown(head) .. "\n" .. ("|---"):rep(#head) .. "|\n"
    .. lines_of(grid, join_markdown, function(name) return name end, function(row)
      return not row and "" or ("%.1f"):format(row.median) .. (row.comparison and (" (%.2f)"):format(row.comparison) or "")
    end) .. "\n\n"
end

--- A grid as a block of gnuplot's.
local function block(grid)
  return lines_of(grid, function(cells) return table.concat(cells, " ") end,
    function(name) return ('"%s"'):format(name:gsub("`", "")) end,
    function(row) return row and ("%.2f"):format(row.median) or "NaN" end) .. "\n\n\n"
end

local PANEL = [[
set title "CPU time for a call, %s (microseconds, logarithmic)" noenhanced
plot for [i in "%s"] "%s" index %d using (column(int(i))):xtic(1) title word("%s", i - 1) with histogram
]]

--- The columns of a grid's block in which something was measured.
local function columns_of(grid)
  local columns = {}
  for place, protocol in ipairs(upstream.ORDER) do
    for _, name in ipairs(grid.names) do
      if grid.cells[name][protocol] then
        columns[#columns + 1] = place + 1
        break
      end
    end
  end
  return table.concat(columns, " ")
end

local function plot(grids)
  local titles = {}
  for i, protocol in ipairs(upstream.ORDER) do
    titles[i] = ("'%s'"):format(upstream.PROTOCOLS[protocol].name)
  end
  local data, script = "", ([[
set terminal svg size 1000,%d background "white"
set output "%s"
set multiplot layout %d,1
set style data histogram
set style fill solid 0.8 border
set xtics rotate by -20 noenhanced
set logscale y
set yrange [10:*]
set grid ytics
set key outside top center horizontal
]]):format(420 * #grids, PLOT, #grids)
  for i, grid in ipairs(grids) do
    data = data .. block(grid)
    script = script .. PANEL:format(grid.group.name, columns_of(grid), DATA, i - 1, table.concat(titles, " "))
  end
  files.write(DATA, data)
  files.write("build/bench/result.gnuplot", script)
  assert(os.execute "gnuplot build/bench/result.gnuplot", "gnuplot failed")
end

--- Writes the results: the grids in brief, the table of everything, and the plot of the grids.
function M.write(rows)
  local grids = grids_of(rows)
  local text = ""
  for _, grid in ipairs(grids) do
    text = text .. brief(grid)
  end
  files.write(TABLE, text .. table_of(rows))
  if #grids > 0 then
    plot(grids)
  end
end

return M
