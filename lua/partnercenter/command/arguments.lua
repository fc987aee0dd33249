-- SPDX-License-Identifier: MIT
--- The command line, read by the rows of the definitions.

local core = require "partnercenter.core"
local definitions = require "partnercenter.command.definitions"
local output = require "partnercenter.command.output"
local status = require "partnercenter.command.status"

local M = {}

local function number_in(range, is_whole, name)
  return function(text)
    local number = tonumber(text)
    if number and number >= range[1] and number <= range[2] and (not is_whole or number == math.floor(number)) then
      return number
    end
    return nil, ("%s must be a %snumber from %g to %.0f, and not %s")
      :format(name, is_whole and "whole " or "", range[1], range[2], text)
  end
end

--- A text that says something: what a script has left empty is a mistake of it.
local function some_text(given)
  if given ~= "" then
    return given
  end
  return nil, "an empty argument"
end

local function convert_of(row)
  local range = row.number or row.whole
  return range and number_in(range, row.whole ~= nil, row.name) or some_text
end

local function text_of(row)
  return row.default and row.default ~= 0 and ("%s (default: %s)"):format(row.text, row.default) or row.text
end

--- Prints what was asked for, which is all that is done.
local function print_and_exit(text)
  local out = output.new()
  out:text(text)
  os.exit(out:finish(status.DONE), true)
end

--- Adds the option that prints the help of a parser.
local function add_help(parser, text)
  parser:flag "-h --help":description "Show this help message and exit.":action(function()
    print_and_exit(parser:get_help() .. "\n" .. (text or ""))
  end)
end

--- Adds an option or an argument to a parser. A completion offers choices that the command does not
--- insist on.
local function add(parser, row, offers_all)
  if row.is_flag then
    return parser:flag(row.name):description(row.text)
  end
  local element = row.name:find "^%-%-" and parser:option(row.name) or parser:argument(row.value):target(row.name)
  element:argname(row.value):description(text_of(row))
  if row.is_required then
    element:count "1"
  end
  element:convert(convert_of(row))
  if row.choices and (row.is_strict or offers_all) then
    element:choices(row.choices)
  end
end

local function usage_of(row)
  local words = { "Usage: partnercenter", row.name }
  for _, argument in ipairs(row.arguments) do
    words[#words + 1] = argument.value
  end
  for _, option in ipairs(row.options) do
    local word = option.is_flag and option.name or option.name .. " " .. option.value
    words[#words + 1] = option.is_required and word or "[" .. word .. "]"
  end
  return table.concat(words, " ")
end

local function add_command(parser, row, offers_all)
  local command = parser:command(row.name):summary(row.summary):add_help(false)
  add_help(command, "\nExample:\n   " .. row.example .. "\n") -- not broken into lines
  command:description(row.summary .. (row.description and "\n\n" .. row.description or ""))
  for _, argument in ipairs(row.arguments) do
    add(command, argument, offers_all)
  end
  for _, option in ipairs(row.options) do
    add(command, option, offers_all)
  end
end


local function completion(shell)
  local parser = M.parser(true)
  return parser["get_" .. shell .. "_complete"](parser)
end

--- Makes the parser.
---@param offers_all? boolean for a completion
function M.parser(offers_all)
  local ok, argparse = pcall(require, "argparse")
  if not ok then
    return nil, "argparse is missing (Debian: lua-argparse; LuaRocks: argparse)"
  end
  local parser = argparse(definitions.NAME, definitions.DESCRIPTION,
    "`partnercenter COMMAND --help` tells more, with an example. The manual page tells of the environment.")
  parser:add_help(false):help_max_width(80):usage_max_width(80):require_command(true):command_target "command"
  add_help(parser)
  for _, row in ipairs(definitions.COMMANDS) do
    add_command(parser, row, offers_all)
  end
  parser:flag "--version":description "Print the version.":action(function()
    print_and_exit("partnercenter " .. core.version .. "\n")
  end)
  parser:option "--completion":argname "SHELL":choices { "bash", "zsh" }
    :description "Print the completions for a shell: bash or zsh."
    :action(function(_, _, shell) print_and_exit(completion(shell)) end)
  parser:flag "--man":description "Print the manual page.":action(function()
    print_and_exit(require "partnercenter.command.manual".page())
  end)
  return parser
end

local function complete_with_defaults(values)
  for _, option in ipairs(definitions.row(values.command).options) do
    local name = definitions.key(option)
    if values[name] == nil then
      values[name] = option.default
    end
  end
  return values
end

--- Reads the command line. `--help` and its like print and end the process.
---@param list string[]
---@return table? values by name, and `command`
---@return string? problem
function M.read(list)
  local parser, problem = M.parser()
  if not parser then
    return nil, problem
  end
  local is_read, values = parser:pparse(list)
  if not is_read then
    local row = definitions.row(list[1])
    return nil, values .. "\n" .. (row and usage_of(row) or parser:get_usage())
  end
  return complete_with_defaults(values)
end

return M
