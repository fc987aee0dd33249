-- SPDX-License-Identifier: MIT
--- The service that is asked in the benchmark: nginx, answering from its configuration, one server
--- for each protocol. A path that begins with a number is answered after so many milliseconds, by the
--- Lua module's ngx.sleep. Over HTTP/2 the body is read first, by the same module: nginx would
--- otherwise sometimes answer before the request has come whole and reset its stream, which a
--- well-behaved service does not.

local servers = require "tests.support.servers"

local M = {}

M.PROTOCOLS = {
  plain = { name = "plain HTTP/1.1", scheme = "http", listen = "", http = "http1" },
  tls = { name = "TLS 1.3, HTTP/1.1", scheme = "https", listen = "ssl", http = "http1" },
  http2 = { name = "TLS 1.3, HTTP/2", scheme = "https", listen = "ssl http2", http = "http2" },
}

M.ORDER = { "plain", "tls", "http2" }

local MAIN = [[
  load_module /usr/lib/nginx/modules/ndk_http_module.so;
  load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
  worker_cpu_affinity 1; worker_rlimit_nofile 8192;
]]

local SERVICE = [[
  keepalive_requests 1000000000;
  access_log off;
  lua_socket_log_errors off;
  server {
    listen 127.0.0.1:PORT backlog=4096 LISTEN ;
    ssl_certificate DIR/cert.pem;
    ssl_certificate_key DIR/key.pem;
    ssl_protocols TLSv1.3;
    default_type application/json;
    location / { IMMEDIATELY }
    location ~ ^/(\d+)/ { content_by_lua_block {
      ngx.req.read_body()
      ngx.sleep(ngx.var[1] / 1000)
      IN_LUA
    } }
  }
]]

local ANSWER = '{"qualification":"Education","vettingStatus":"InReview","vettingCreatedDate":"2020-12-04T20:54:24.147Z"}'

local IN_LUA = ("ngx.status = 201 ngx.header.content_length = %d ngx.print '%s'"):format(#ANSWER, ANSWER)

local IMMEDIATELY = {
  http1 = ("return 201 '%s';"):format(ANSWER),
  http2 = ("content_by_lua_block { ngx.req.read_body() %s }"):format(IN_LUA),
}

--- Starts the server of a protocol, on processor 0.
---@return table server `url(milliseconds)`: the address that answers after so long (0), `ca_file`, `stop()`
function M.start(protocol)
  local row = M.PROTOCOLS[protocol]
  local configuration = SERVICE:gsub("%f[%u][%u_%d]+%f[%s]", {
    LISTEN = row.listen, IMMEDIATELY = IMMEDIATELY[row.http], IN_LUA = IN_LUA,
  })
  local nginx = servers.nginx(configuration, MAIN)
  local server = { ca_file = nginx.directory .. "/cert.pem", stop = nginx.stop }

  function server.url(milliseconds)
    return ("%s://127.0.0.1:%d%s"):format(row.scheme, nginx.port, milliseconds > 0 and "/" .. milliseconds or "")
  end

  return server
end

return M
