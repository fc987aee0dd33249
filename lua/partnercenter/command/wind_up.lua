-- SPDX-License-Identifier: MIT
--- Lets a started call, such as a run, come to its end: nothing more is begun, what is on the wire is waited
--- for, and what waits for a token, its turn or its repetition is cancelled. (Again: what waits by then is.)

---@param call partnercenter.Call
return function(call)
  local client = call.client
  call.task.is_ending = true
  for _, each in pairs(client.core:is_open() and client.waiters or {}) do
    if each.call and client.core:state(each.call) ~= "active" then
      client.core:cancel(each.call)
    end
  end
end
