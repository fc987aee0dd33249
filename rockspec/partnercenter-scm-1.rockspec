rockspec_format = "3.0"
package = "partnercenter"
version = "scm-1"

source = {
  url = "git+https://github.com/lua-partnercenter/lua-partnercenter.git",
}

description = {
  summary = "The Partner Center client for Lua",
  detailed = [[
    Sets and follows the qualifications (education, government) of a partner's customers in
    Microsoft's Partner Center. A C module over libcurl and lua-cjson.
  ]],
  license = "MIT",
}

dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1.0",
}

external_dependencies = {
  CURL = { library = "curl" },
  MICROHTTPD = { library = "microhttpd" },
}

build = {
  type = "builtin",
  modules = {
    ["partnercenter.core"] = {
      sources = {
        "src/answer.c",
        "src/buffer.c",
        "src/call.c",
        "src/call_list.c",
        "src/call_pool.c",
        "src/category.c",
        "src/client.c",
        "src/clock.c",
        "src/cloud.c",
        "src/collect.c",
        "src/core.c",
        "src/credentials.c",
        "src/due.c",
        "src/easy_pool.c",
        "src/engine.c",
        "src/error.c",
        "src/event.c",
        "src/failure.c",
        "src/flight.c",
        "src/fork.c",
        "src/guid.c",
        "src/headers.c",
        "src/json.c",
        "src/lifecycle.c",
        "src/mailbox.c",
        "src/misuse.c",
        "src/operation.c",
        "src/options.c",
        "src/page.c",
        "src/pin.c",
        "src/qualification.c",
        "src/random.c",
        "src/redact.c",
        "src/request.c",
        "src/result.c",
        "src/retry.c",
        "src/retry_after.c",
        "src/secrets.c",
        "src/settings.c",
        "src/shape.c",
        "src/text.c",
        "src/thread.c",
        "src/token.c",
        "src/transfer.c",
        "src/update.c",
        "src/url.c",
        "src/wakeup.c",
      },
      libraries = { "curl", "pthread", "dl", "m" },
      incdirs = { "$(CURL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)" },
    },
    ["partnercenter.sandbox.server"] = {
      sources = {
        "src/buffer.c",
        "src/misuse.c",
        "src/sandbox/server.c",
        "src/sandbox/service.c",
      },
      libraries = { "microhttpd", "pthread", "m" },
      incdirs = { "$(MICROHTTPD_INCDIR)" },
      libdirs = { "$(MICROHTTPD_LIBDIR)" },
    },
    ["partnercenter"] = "lua/partnercenter.lua",
    ["partnercenter.callback"] = "lua/partnercenter/callback.lua",
    ["partnercenter.client"] = "lua/partnercenter/client.lua",
    ["partnercenter.credentials"] = "lua/partnercenter/credentials.lua",
    ["partnercenter.credentials.authority"] = "lua/partnercenter/credentials/authority.lua",
    ["partnercenter.credentials.cache"] = "lua/partnercenter/credentials/cache.lua",
    ["partnercenter.credentials.expiry"] = "lua/partnercenter/credentials/expiry.lua",
    ["partnercenter.credentials.provided"] = "lua/partnercenter/credentials/provided.lua",
    ["partnercenter.credentials.token_event"] = "lua/partnercenter/credentials/token_event.lua",
    ["partnercenter.customers"] = "lua/partnercenter/customers.lua",
    ["partnercenter.events"] = "lua/partnercenter/events.lua",
    ["partnercenter.flight"] = "lua/partnercenter/flight.lua",
    ["partnercenter.kept"] = "lua/partnercenter/kept.lua",
    ["partnercenter.nginx"] = "lua/partnercenter/nginx.lua",
    ["partnercenter.options"] = "lua/partnercenter/options.lua",
    ["partnercenter.sandbox"] = "lua/partnercenter/sandbox.lua",
    ["partnercenter.sandbox.authority"] = "lua/partnercenter/sandbox/authority.lua",
    ["partnercenter.sandbox.authority_refusal"] = "lua/partnercenter/sandbox/authority_refusal.lua",
    ["partnercenter.sandbox.customers"] = "lua/partnercenter/sandbox/customers.lua",
    ["partnercenter.sandbox.fault"] = "lua/partnercenter/sandbox/fault.lua",
    ["partnercenter.sandbox.parameters"] = "lua/partnercenter/sandbox/parameters.lua",
    ["partnercenter.sandbox.qualifications"] = "lua/partnercenter/sandbox/qualifications.lua",
    ["partnercenter.sandbox.random"] = "lua/partnercenter/sandbox/random.lua",
    ["partnercenter.sandbox.refusal"] = "lua/partnercenter/sandbox/refusal.lua",
    ["partnercenter.sandbox.service"] = "lua/partnercenter/sandbox/service.lua",
    ["partnercenter.sandbox.throttle"] = "lua/partnercenter/sandbox/throttle.lua",
    ["partnercenter.sandbox.tokens"] = "lua/partnercenter/sandbox/tokens.lua",
    ["partnercenter.sandbox.validations"] = "lua/partnercenter/sandbox/validations.lua",
    ["partnercenter.started"] = "lua/partnercenter/started.lua",
  },
}
