-- SPDX-License-Identifier: MIT
--- A browser for the specs: headless Chromium, told by chromedriver what to do (the W3C's WebDriver protocol).

local cjson = require "cjson.safe"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local servers = require "tests.support.servers"
local socket = require "socket"

local M = {}

--- The keys that have no character of their own.
M.KEY = { tab = "\u{E004}", enter = "\u{E007}", escape = "\u{E00C}", space = " ", down = "\u{E015}" }

local ARGUMENTS = {
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
}

local Browser = {}
Browser.__index = Browser

--- Sends a command; returns its value.
local function command(url, method, body)
  local parts = {}
  body = body and cjson.encode(body)
  local _, status = http.request {
    url = url, method = method, headers = { ["content-type"] = "application/json", ["content-length"] = body and #body },
    source = body and ltn12.source.string(body), sink = ltn12.sink.table(parts),
  }
  local answer = cjson.decode(table.concat(parts))
  assert(status == 200, ("%s %s: %s %s"):format(method, url, status, table.concat(parts)))
  return answer.value
end

function Browser:post(path, body)
  return command(self.url .. path, "POST", body)
end

function Browser:open(url)
  self:post("/url", { url = url })
end

--- Runs JavaScript in the page, where `argument` is arguments[0]; returns what it returns.
function Browser:run(script, argument)
  return self:post("/execute/sync", { script = script, args = { argument or false } })
end

--- A command of Chromium's own protocol.
function Browser:cdp(name, parameters)
  return self:post("/goog/cdp/execute", { cmd = name, params = parameters })
end

--- Presses keys, one after the other, wherever the focus is.
---@param keys string a text, or one of KEY
function Browser:press(keys)
  local actions = {}
  for _, code in utf8.codes(keys) do
    actions[#actions + 1] = { type = "keyDown", value = utf8.char(code) }
    actions[#actions + 1] = { type = "keyUp", value = utf8.char(code) }
  end
  self:post("/actions", { actions = { { type = "key", id = "keyboard", actions = actions } } })
end

--- Presses Tab until the element with the id, or else the value, has the focus.
function Browser:tab_to(name)
  for _ = 1, 20 do
    self:press(M.KEY.tab)
    if self:run "return document.activeElement.id || document.activeElement.value" == name then
      return
    end
  end
  error(name .. " cannot be reached with Tab")
end

--- The text of an element as it is seen.
function Browser:text(id)
  return self:run("return document.getElementById(arguments[0]).innerText", id)
end

--- Waits until the text of an element contains `wanted`.
function Browser:wait_for(id, wanted)
  local until_time = socket.gettime() + 20
  repeat
    local text = self:text(id)
    if text:find(wanted, 1, true) then
      return text
    end
    socket.sleep(0.05)
  until socket.gettime() > until_time
  error(("%s does not show '%s' but:\n%s"):format(id, wanted, self:text(id)))
end

--- Shows the page in a window of that width, in light or dark.
---@param width integer
---@param height integer
---@param scheme "light"|"dark"
function Browser:appear(width, height, scheme)
  self:cdp("Emulation.setDeviceMetricsOverride",
    { width = width, height = height, deviceScaleFactor = 1, mobile = width < 600 })
  self:cdp("Emulation.setEmulatedMedia", { features = {
    { name = "prefers-color-scheme", value = scheme },
    { name = "prefers-reduced-motion", value = "reduce" }, -- pictures show no transition half done
  } })
end

--- Writes a picture of the whole page, or of what is in the window, a PNG file.
function Browser:picture(path, is_window)
  local file = assert(io.open(path, "wb"))
  file:write((mime.unb64(self:cdp("Page.captureScreenshot", { captureBeyondViewport = not is_window }).data)))
  file:close()
end

--- Ends the browser and its driver.
function Browser:stop()
  pcall(command, self.url, "DELETE")
  os.execute(("kill %s; rm -rf %s"):format(self.driver, self.directory))
end

local function wait_until_ready(url)
  for _ = 1, 200 do
    local ok, value = pcall(command, url .. "/status", "GET")
    if ok and value.ready then
      return
    end
    socket.sleep(0.05)
  end
  error "chromedriver does not answer"
end

--- Starts a browser with a profile of its own.
function M.start()
  local port = servers.free_port()
  local process = io.popen(("d=$(mktemp -d); chromedriver --port=%d --log-path=$d/log > $d/out 2>&1 & echo $! $d")
    :format(port))
  local driver, directory = process:read "*l":match "(%d+) (%S+)"
  process:close()
  local url = ("http://127.0.0.1:%d"):format(port)
  wait_until_ready(url)
  local arguments = { "--user-data-dir=" .. directory .. "/profile", table.unpack(ARGUMENTS) }
  local session = command(url .. "/session", "POST",
    { capabilities = { alwaysMatch = { ["goog:chromeOptions"] = { args = arguments } } } })
  return setmetatable({
    url = url .. "/session/" .. session.sessionId, driver = driver, directory = directory,
  }, Browser)
end

return M
