-- SPDX-License-Identifier: MIT
--- examples.lua LUA FOLDER: runs each example with that interpreter, first as a stranger would, then
--- against a service of its own: a sandbox in this process. The folder is for files.

local access = require "tests.support.access"
local sandbox = assert(require "partnercenter.sandbox".start { vetting_time = 0 })

local lua, folder = arg[1], arg[2]

--- Runs an example and returns what it printed. `status` is the exit status that it has to end with.
local function run(name, environment, status, arguments)
  local settings = {}
  for _, each in ipairs {
    "CLOUD", "BASE_URL", "LOGIN_URL", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "ACCESS_TOKEN",
    "REFRESH_TOKEN_FILE",
  } do
    settings[#settings + 1] = ("PARTNERCENTER_%s='%s'"):format(each, environment[each:lower()] or "")
  end
  local process = assert(io.popen(("%s %s examples/%s.lua %s 2>&1; echo status $?")
    :format(table.concat(settings, " "), lua, name, arguments or "")))
  local output, ended = process:read "*a":match "^(.*)status (%d+)\n$"
  process:close()
  assert(tonumber(ended) == status, ("%s ended with %s:\n%s"):format(name, ended, output))
  return output
end

local function assert_says(output, ...)
  for _, text in ipairs { ... } do
    assert(output:find(text, 1, true), ("not found: %s\nin:\n%s"):format(text, output))
  end
end

local function line_of(path)
  local file = assert(io.open(path))
  local line = file:read "*l"
  file:close()
  return line
end

local function mode_of(path)
  local process = assert(io.popen(("stat -c %%a '%s'"):format(path)))
  local mode = process:read "*l"
  process:close()
  return mode
end

-- As a stranger.
assert_says(run("credentials", {}, 0), "There are no PARTNERCENTER_... settings: this is a sandbox.", "good for a sandbox")
assert_says(run("customers", {}, 0), "Customer 1 ", "Customer 2 ", "Education (Approved)", "None", "3 in all")
assert_says(run("customers", {}, 0, "customer3"), "Customer 3 ", "1 in all")
assert_says(run("validation_codes", {}, 0), 'validation_code = "12345"', "Contoso, Inc.", "1 in all")
local output = run("cqueues", {}, 0)
assert_says(output, "Customer 1 ", "Customer 100 ", "100 customers in ", "did something else ")
assert(tonumber(output:match "something else (%d+) times") >= 2, output)
assert(#access.service_requests(sandbox) == 0)

-- With settings.
local options = sandbox:client_options()
options.allow_insecure_http = nil
for _, name in ipairs { "credentials", "customers", "validation_codes", "cqueues" } do
  output = run(name, options, 0)
  assert(not output:find(options.client_secret, 1, true) and not output:find(options.refresh_token, 1, true), output)
end
assert_says(run("credentials", options, 0), "good for " .. options.base_url)
assert_says(run("credentials", { base_url = options.base_url, access_token = access.token(sandbox) }, 0), options.base_url)
local app = access.credentials(sandbox, { refresh_token = false })
assert_says(run("customers", app, 0), "3 in all")

-- What is wrong is said in one line.
assert(run("credentials", { tenant_id = options.tenant_id }, 1):find "^bad_input: client_id is missing[^\n]*\n$")
assert(run("customers", { base_url = options.base_url }, 1):find "^bad_input: tenant_id is missing[^\n]*\n$")
for _, name in ipairs { "credentials", "customers", "validation_codes", "cqueues" } do
  local wrong = access.credentials(sandbox, { client_secret = "wrong" })
  assert(run(name, wrong, 1):find "^unauthorized: no access token: AADSTS7000215: [^\n]*\n$")
end

local missing = { tenant_id = options.tenant_id, client_id = options.client_id, client_secret = options.client_secret,
  base_url = options.base_url, login_url = options.login_url, refresh_token_file = folder .. "/missing" }
assert_says(run("credentials", missing, 1), "PARTNERCENTER_REFRESH_TOKEN_FILE: there is no refresh token in ", "/missing")
assert_says(run("credentials", { refresh_token_file = folder .. "/missing" }, 1), "there is no refresh token in ")

-- The refresh token is kept in the file, and read from there.
local path = folder .. "/refresh token"
os.remove(path)
options.refresh_token_file = path
local before = #access.token_requests(sandbox)
local kept = {}
for i = 1, 3 do
  run("credentials", options, 0)
  kept[i] = line_of(path)
  assert(mode_of(path) == "600", mode_of(path))
  assert(not io.open(path .. ".new"))
  options.refresh_token = i == 2 and "" or options.refresh_token -- the file is enough
end
local requests = access.token_requests(sandbox)
assert(#requests == before + 3)
for i = 1, 3 do
  local sent = access.decode(requests[before + i].body).refresh_token
  assert(sent == (kept[i - 1] or sandbox:client_options().refresh_token), "another refresh token was sent")
end

-- A file that cannot be written is told of.
options.refresh_token, options.refresh_token_file = sandbox:client_options().refresh_token, folder .. "/nowhere/file"
assert_says(run("credentials", options, 1), "callback: the on_refresh_token function raised: ", "nowhere/file")

os.remove(path)
sandbox:stop()
