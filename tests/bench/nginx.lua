-- SPDX-License-Identifier: MIT
--- nginx.lua: see tests/bench/nginx, which runs it.

local files = require "tests.support.files"
local servers = require "tests.support.servers"

local SECONDS = tonumber(os.getenv "SECONDS_EACH" or 5)
local ROUNDS = 3
local CALLS_UNDER_WAY = 200
local AT_ONCE = 64
local TOKEN_LENGTH = 1200 -- of a real token, about

--- Processors: the worker that is measured has one of its own.
local WORKER_CPU, OTHERS_CPU = 0, 1

local MODULES = "load_module /usr/lib/nginx/modules/ndk_http_module.so; "
  .. "load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;"

local UPSTREAM = [[
  keepalive_requests 1000000000;
  access_log off;
  server {
    listen 127.0.0.1:PORT backlog=4096;
    default_type application/json;
    location /fast/ { return 200 '[{"qualification":"Education","vettingStatus":"InReview"}]'; }
    location /slow/ { content_by_lua_block {
      ngx.sleep(0.5)
      ngx.print '[{"qualification":"Education","vettingStatus":"InReview"}]'
    } }
  }
]]

--- The ways to ask the upstream, each a location.
local WAYS = {
  { name = "proxy_pass", path = "proxy" },
  { name = "lua-partnercenter", path = "ours" },
  { name = "lua-resty-http, cjson", path = "resty", module = "resty.http" },
}

local SUBJECT = [=[
  keepalive_requests 1000000000;
  access_log off;
  lua_package_path 'STAGE_PATH/share/lua/5.1/?.lua;;';
  lua_package_cpath 'STAGE_PATH/lib/lua/5.1/?.so;;';
  init_by_lua_block {
    local partnercenter = require "partnercenter"
    local token = ("x"):rep(TOKEN_SIZE)
    clients = {}
    for _, speed in ipairs { "fast", "slow" } do
      clients[speed] = assert(partnercenter.new {
        base_url = "http://127.0.0.1:UPSTREAM_PORT/" .. speed, access_token = token, max_connections = 256,
      })
    end
    headers = { Authorization = "Bearer " .. token, Accept = "application/json" }
    has_http, http = pcall(require, "resty.http")
    cjson = require "cjson.safe"
  }
  upstream service { server 127.0.0.1:UPSTREAM_PORT; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:PORT backlog=4096;
    location = /idle { return 200 'idle'; }
    location = /has/resty { content_by_lua_block { ngx.print(tostring(has_http)) } }
    location ~ ^/ours/(.*) { content_by_lua_block {
      local list, err = clients[ngx.var[1]]:get_qualifications "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
      if not list then
        ngx.log(ngx.ERR, tostring(err))
        return ngx.exit(502)
      end
      ngx.print(list[1].vettingStatus)
    } }
    location ~ ^/resty/(.*) { content_by_lua_block {
      local connection = http.new()
      local answer = connection:request_uri("http://127.0.0.1:UPSTREAM_PORT/" .. ngx.var[1]
        .. "/v1/customers/3f2504e0-4f89-41d3-9a0c-0305e82c3301/qualifications",
        { headers = headers, keepalive_pool = 256 })
      ngx.print(cjson.decode(answer.body)[1].vettingStatus)
    } }
    location ~ ^/proxy/(.*) {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer TOKEN_TEXT";
      proxy_pass http://service/$1/v1/customers/3f2504e0-4f89-41d3-9a0c-0305e82c3301/qualifications;
    }
  }
]=]

local function output_of(command)
  local process = assert(io.popen(command))
  local text = process:read "*a"
  assert(process:close(), command .. " failed:\n" .. text)
  return text
end

local function start(block, values, cpu)
  local configuration = block:gsub("%u+_%u+", values)
  local server = servers.nginx(configuration, MODULES .. (" worker_cpu_affinity %s; worker_rlimit_nofile 8192;")
    :format(cpu == 0 and "01" or "10"))
  server.worker = output_of(("cat /proc/$(cat %s/nginx.pid)/task/*/children"):format(server.directory)):match "%d+"
  return server
end

--- The CPU time of a process so far, in seconds: of all its threads.
local function cpu_of(process)
  local fields = files.read(("/proc/%s/stat"):format(process)):match "%) (.*)$"
  local numbers = {}
  for field in fields:gmatch "%S+" do
    numbers[#numbers + 1] = tonumber(field) or 0
  end
  return (numbers[12] + numbers[13]) / 100 -- utime and stime, in clock ticks of a hundredth
end

local UNITS = { us = 1e-3, ms = 1, s = 1e3 }

--- Runs wrk; returns requests, those a second, and the 99th percentile of their time in milliseconds.
local function wrk(port, path, connections, background)
  local command = ("taskset -c %d wrk -t1 -c%d -d%ds --latency http://127.0.0.1:%d%s")
    :format(OTHERS_CPU, connections, SECONDS, port, path)
  local text = output_of(background and ("%s & %s; wait"):format(background, command) or command)
  assert(not text:find "Non%-2xx", text)
  local number, unit = text:match "99%%%s+([%d.]+)(%a+)"
  return tonumber(text:match "(%d+) requests in"), tonumber(text:match "Requests/sec:%s+([%d.]+)"), number * UNITS[unit]
end

--- wrk in the background, a second longer than what is measured.
local function load_on(port, path, connections)
  return ("(taskset -c %d wrk -t1 -c%d -d%ds http://127.0.0.1:%d%s > /dev/null) & sleep 1; true")
    :format(OTHERS_CPU, connections, SECONDS + 2, port, path)
end

local function median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

local function measure(ways, port, worker)
  local idle = {}
  for _, way in ipairs(ways) do
    way.p99, way.rate, way.cpu = {}, {}, {}
  end
  for round = 1, ROUNDS do
    idle[round] = select(3, wrk(port, "/idle", 1))
    for _, way in ipairs(ways) do
      way.p99[round] = select(3, wrk(port, "/idle", 1, load_on(port, ("/%s/slow"):format(way.path), CALLS_UNDER_WAY)))
      local before = cpu_of(worker)
      local requests, rate = wrk(port, ("/%s/fast"):format(way.path), AT_ONCE)
      way.rate[round], way.cpu[round] = rate, (cpu_of(worker) - before) / requests * 1e6
    end
  end
  return idle
end

local upstream = start(UPSTREAM, {}, OTHERS_CPU)
local subject = start(SUBJECT, {
  STAGE_PATH = os.getenv "STAGE", TOKEN_SIZE = tostring(TOKEN_LENGTH), TOKEN_TEXT = ("x"):rep(TOKEN_LENGTH),
  UPSTREAM_PORT = tostring(upstream.port),
}, WORKER_CPU)
local ways = {}
for _, way in ipairs(WAYS) do
  if not way.module or subject.get("/has/" .. way.path) == "true" then
    ways[#ways + 1] = way
  end
end

local idle = median(measure(ways, subject.port, subject.worker))
print(("An unrelated request on the same worker, 99th percentile: %.2f ms with nothing under way"):format(idle))
print ""
print(("| | with %d calls under way | above idle | calls a second, %d at once | worker CPU per call |")
  :format(CALLS_UNDER_WAY, AT_ONCE))
print "|---|---|---|---|---|"
for _, way in ipairs(ways) do
  local p99 = median(way.p99)
  print(("| %s | %.2f ms | %.2f ms | %.0f | %.1f us |")
    :format(way.name, p99, p99 - idle, median(way.rate), median(way.cpu)))
end
print(("\nMedians of %d rounds of %d s; errors in the log: %d"):format(ROUNDS, SECONDS,
  select(2, subject.log "error":gsub("%[error%]", ""))))
subject.stop()
upstream.stop()
