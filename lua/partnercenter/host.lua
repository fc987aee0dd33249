-- SPDX-License-Identifier: MIT
--- What runs the script.

local ngx = _G.ngx

local is_nginx = type(ngx) == "table" and ngx.get_phase ~= nil

return {
  --- How to wait in nginx and OpenResty; false elsewhere.
  nginx = is_nginx and require "partnercenter.nginx",
}
