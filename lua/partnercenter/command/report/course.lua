-- SPDX-License-Identifier: MIT
--- The course of a run as a plot: how many customers had come to their ends at which time, as areas on top
--- of each other. SVG, whose colours are those of the page.

local M = {}

local WIDTH, HEIGHT = 760, 260
local LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34

--- Into how many parts the time is divided.
local PARTS = 120

--- From the bottom of the plot to its top.
local LAYERS = { "succeeded", "denied", "failed" }

local function x_of(part)
  return LEFT + (WIDTH - LEFT - RIGHT) * part / PARTS
end

local function y_of(value, most)
  return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most
end

--- A round step such that there are about four up to a number.
local function step_of(most)
  local power = 10 ^ math.floor(math.log(most / 4) / math.log(10))
  for _, factor in ipairs { 1, 2, 5, 10 } do
    if most / (factor * power) <= 5 then
      return math.max(1, factor * power)
    end
  end
end

--- The running sums of the layers up to each one, as edges of areas.
---@return number[][] edges by layer, with 0 below the first; each has a value for the end of each part
local function edges_of(course)
  local edges = { [0] = {} }
  for part = 0, PARTS do
    edges[0][part] = 0
  end
  for i, layer in ipairs(LAYERS) do
    local sum = 0
    edges[i] = { [0] = 0 }
    for part = 1, PARTS do
      sum = sum + course[layer][part]
      edges[i][part] = edges[i - 1][part] + sum
    end
  end
  return edges
end

local function area(upper, lower, layer, most)
  local points = {}
  for part = 0, PARTS do
    points[#points + 1] = ("%.1f,%.1f"):format(x_of(part), y_of(upper[part], most))
  end
  for part = PARTS, 0, -1 do
    points[#points + 1] = ("%.1f,%.1f"):format(x_of(part), y_of(lower[part], most))
  end
  return ('<polygon class="area %s" points="%s"/>'):format(layer, table.concat(points, " "))
end

--- A whole number with its thousands apart.
function M.number(value)
  local text = ("%.0f"):format(value)
  repeat
    local count
    text, count = text:gsub("^(%d+)(%d%d%d)", "%1&#8239;%2")
  until count == 0
  return text
end

local function vertical_axis(lines, most)
  local step = step_of(most)
  for value = 0, most, step do
    local y = y_of(value, most)
    lines[#lines + 1] = ('<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>'):format(LEFT, y, WIDTH - RIGHT, y)
    lines[#lines + 1] = ('<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>')
      :format(LEFT - 8, y + 4, M.number(value))
  end
end

--- How a time is written on an axis that is so many seconds long.
local function format_of(seconds)
  return seconds < 600 and "!%H:%M:%S" or seconds < 2 * 86400 and "!%H:%M" or "!%d %b"
end

local function horizontal_axis(lines, begun, seconds)
  local ticks = 4
  for i = 0, ticks do
    local x = x_of(PARTS * i / ticks)
    local anchor = i == 0 and "start" or i == ticks and "end" or "middle"
    local text = os.date(format_of(seconds), math.floor(begun + seconds * i / ticks + 0.5))
    lines[#lines + 1] = ('<line class="axis" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>')
      :format(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5)
    lines[#lines + 1] = ('<text class="tick" x="%.1f" y="%d" text-anchor="%s">%s</text>')
      :format(x, HEIGHT - BOTTOM + 20, anchor, text)
  end
end

--- The plot; nil where nothing has come to its end.
---@param run partnercenter.RunReport
---@return string?
function M.svg(run)
  local edges = edges_of(run:course(PARTS))
  local most = math.max(run.total, edges[#LAYERS][PARTS])
  if edges[#LAYERS][PARTS] == 0 then
    return nil
  end
  local lines = { ('<svg viewBox="0 0 %d %d" role="img" aria-label="%s">'):format(WIDTH, HEIGHT,
    ("%.0f of %.0f customers had come to their ends"):format(edges[#LAYERS][PARTS], run.total)) }
  vertical_axis(lines, most)
  for i, layer in ipairs(LAYERS) do
    if edges[i][PARTS] > edges[i - 1][PARTS] then
      lines[#lines + 1] = area(edges[i], edges[i - 1], layer, most)
    end
  end
  local y = y_of(run.total, most)
  lines[#lines + 1] = ('<line class="total" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>'):format(LEFT, y, WIDTH - RIGHT, y)
  horizontal_axis(lines, run.begun, math.max(run.changed - run.begun, 1))
  lines[#lines + 1] = "</svg>"
  return table.concat(lines, "\n")
end

return M
