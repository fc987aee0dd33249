---@meta partnercenter.sandbox
-- SPDX-License-Identifier: MIT

---@class partnercenter.SandboxOptions
---@field host? string the address to listen on; default "127.0.0.1"
---@field port? integer 0 (default): any that is free
---@field latency? number seconds before each answer; default 0
---@field vetting_time? number seconds; default 2
---@field token_lifetime? number seconds; default 3600
---@field rate_limit? integer requests in any one second; default: none
---@field customers? integer how many are listed; default 3
---@field unknown_customers? boolean whether any other GUID is a customer too; default true

---@class partnercenter.SandboxFailure
---@field status? integer of the answer; without it the answer is the usual one, `delay` seconds later
---@field times? integer how many requests; default 1
---@field body? string default: an error object
---@field headers? table<string, string>
---@field delay? number seconds; default 0
---@field path? string only requests whose path contains it

---@class partnercenter.SandboxRequest
---@field method string
---@field path string percent-encoded
---@field query string percent-encoded
---@field headers table<string, string> can be indexed in any case
---@field body string
---@field time number seconds since the epoch

---@class partnercenter.Sandbox
local Sandbox = {}

--- The address of the service.
---@return string
function Sandbox:base_url() end

--- The address of the token authority.
---@return string
function Sandbox:login_url() end

--- Options for `partnercenter.new` that reach this sandbox.
---@return partnercenter.Options
function Sandbox:client_options() end

--- Makes the next answers failures, slow, or both.
---@param rule partnercenter.SandboxFailure
function Sandbox:fail(rule) end

--- The last 10,000 requests that have arrived, oldest first.
---@return partnercenter.SandboxRequest[]
function Sandbox:requests() end

--- Ends the sandbox and its threads.
function Sandbox:stop() end

local sandbox = {}

--- Starts a sandbox: a Partner Center to try scripts on, over real HTTP, inside this process.
---@param options? partnercenter.SandboxOptions
---@return partnercenter.Sandbox? sandbox
---@return partnercenter.Error? err
function sandbox.start(options) end

return sandbox
