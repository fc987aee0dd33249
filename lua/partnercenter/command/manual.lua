-- SPDX-License-Identifier: MIT
--- The manual page, made of the same rows as the parser.

local core = require "partnercenter.core"
local definitions = require "partnercenter.command.definitions"

local M = {}

local FILE = "What login stores: PARTNERCENTER_ variables, one NAME=value a line. It must be its owner's alone (mode "
  .. "0600). Variables of the environment win over it, and where they name another tenant, app or address, its secrets are "
  .. "not used. Where they say all of it, the place too, it is not looked at. A new refresh token is written back to it."

local SIGNALS = "SIGINT, SIGTERM and SIGHUP end bulk: nothing more is sent, and the answers that are due are waited "
  .. "for. A second signal of the same kind ends at once; what was under way is then unknown, and asked for when the run "
  .. "goes on. The last line says how."

--- A text as roff takes it.
local function escape(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"))
end

local Page = {}
Page.__index = Page

function Page:add(request, text)
  self[#self + 1] = request and (text and request .. " " .. text or request) or escape(text)
end

--- A term and what it means.
function Page:term(term, text)
  self:add ".TP"
  self[#self + 1] = term
  self:add(nil, text)
end

local function bold(text)
  return "\\fB" .. escape(text) .. "\\fR"
end

local function italic(text)
  return "\\fI" .. escape(text) .. "\\fR"
end

local function term_of(option)
  return bold(option.name) .. (option.value and " " .. italic(option.value) or "")
end

local function usage_of(row)
  local words = { bold "partnercenter" .. " " .. bold(row.name) }
  for _, argument in ipairs(row.arguments) do
    words[#words + 1] = italic(argument.value)
  end
  for _, option in ipairs(row.options) do
    words[#words + 1] = option.is_required and term_of(option) or "[" .. term_of(option) .. "]"
  end
  return table.concat(words, " ")
end

local function text_of(option)
  local default = option.default and option.default ~= 0 and (" Default: %s."):format(option.default) or ""
  return option.text .. default
end

local function add_command(page, row)
  page:add(".SS", row.name)
  page[#page + 1] = usage_of(row)
  page:add ".PP"
  page:add(nil, row.summary .. (row.description and " " .. row.description or ""))
  for _, argument in ipairs(row.arguments) do
    page:term(italic(argument.value), argument.text)
  end
  for _, option in ipairs(row.options) do
    page:term(term_of(option), text_of(option))
  end
  page:add ".PP"
  page:add(nil, "Example:")
  page:add ".PP"
  page:add ".nf"
  page:add(".RS", "4")
  page:add(nil, row.example)
  page:add ".RE"
  page:add ".fi"
end

local function add_terms(page, title, rows)
  page:add(".SH", title)
  for _, row in ipairs(rows) do
    page:term(bold(tostring(row[1])), row[2])
  end
end

--- The page, in roff.
---@return string
function M.page()
  local page = setmetatable({}, Page)
  page:add(".TH", ('PARTNERCENTER 1 "" "partnercenter %s" "User Commands"'):format(core.version))
  page:add(".SH", "NAME")
  page[#page + 1] = "partnercenter \\- " .. escape(definitions.SUMMARY)
  page:add(".SH", "SYNOPSIS")
  page[#page + 1] = bold "partnercenter" .. " " .. italic "COMMAND" .. " ..."
  page:add(".SH", "DESCRIPTION")
  page:add(nil, definitions.DESCRIPTION)
  page:add ".PP"
  page:add(nil, "On a terminal there are tables, colours and for long work a progress bar; elsewhere plain lines whose "
    .. "fields are divided by tabs; with --json JSON, one object a line. Errors are on standard error.")
  page:add(".SH", "COMMANDS")
  for _, row in ipairs(definitions.COMMANDS) do
    add_command(page, row)
  end
  add_terms(page, "ENVIRONMENT", definitions.VARIABLES)
  for _, row in ipairs(definitions.OTHER_VARIABLES) do
    page:term(bold(row[1]), row[2])
  end
  page:add(".SH", "FILES")
  page:term(italic "$XDG_CONFIG_HOME/partnercenter/credentials", FILE)
  add_terms(page, "EXIT STATUS", definitions.STATUSES)
  page:add(".SH", "SIGNALS")
  page:add(nil, SIGNALS)
  return table.concat(page, "\n") .. "\n"
end

return M
