-- SPDX-License-Identifier: MIT
--- The rows of a journal: what is written into them, and what is made of them.

local cjson = require "cjson.safe"
local core = require "partnercenter.core"

local json = cjson.new()

local M = {}

local KEY = " WHERE run = ? AND customer_id = ? AND qualification = ?"
local COLUMNS = "SELECT customer_id, qualification, position, item, request_id, state, attempts, answer, holder, "
  .. "held_until, changed, vetting_begun, due, pause FROM partnercenter_items"

--- The seconds since the epoch, by the database's clock.
function M.now(db)
  return db:row("SELECT " .. db.now .. " AS now").now
end

--- Begins a run, or goes on with it.
---@return table found `now`, `total` (nil unless the end of the source was seen), `last` (position)
function M.begin_run(db, run)
  local now = M.now(db)
  db:run("INSERT INTO partnercenter_runs (name, begun) VALUES (?, ?) ON CONFLICT DO NOTHING", run, now)
  local total = db:row("SELECT total FROM partnercenter_runs WHERE name = ?", run).total
  local last = db:row("SELECT max(position) AS last FROM partnercenter_items WHERE run = ?", run).last
  return { now = now, total = total, last = last or 0 }
end

function M.set_total(db, run, total)
  db:run("UPDATE partnercenter_runs SET total = ? WHERE name = ? AND (total IS NULL OR total < ?)", total, run, total)
  return true
end

function M.find(db, ...)
  return db:row(COLUMNS .. KEY .. (db.lock ~= "" and " FOR UPDATE" or ""), ...)
end

--- The item as JSON; where it has something that JSON cannot carry, what is sent of it.
local function encode_item(unit)
  local text = json.encode(unit.item)
  if text then
    return text
  end
  local item = unit.item
  return json.encode {
    customer_id = unit.customer_id, qualification = unit.qualification, website = item.website,
    education_segment = item.education_segment, validation_code = item.validation_code,
  }
end

--- Writes a new item down, to be sent by `holder`; false where it is there already.
function M.insert(db, run, unit, position, holder, seconds)
  return db:run("INSERT INTO partnercenter_items (run, customer_id, qualification, position, item, request_id, state, "
    .. "attempts, begun, changed, holder, held_until) VALUES (?, ?, ?, ?, ?, ?, 'sending', 0, "
    .. db.now .. ", " .. db.now .. ", ?, " .. db.now .. " + ?) ON CONFLICT DO NOTHING",
    run, unit.customer_id, unit.qualification, position, encode_item(unit), unit.request_id, holder, seconds) > 0
end

--- Takes a row for `holder`. One that is to be sent is marked so.
function M.hold(db, request_id, holder, seconds, ...)
  db:run("UPDATE partnercenter_items SET request_id = ?, state = CASE state WHEN 'vetting' THEN state ELSE 'sending' END, "
    .. "holder = ?, held_until = " .. db.now .. " + ?, changed = " .. db.now .. KEY, request_id, holder, seconds, ...)
end

--- Renews all holds of `holder`.
function M.renew(db, run, holder, seconds)
  db:run("UPDATE partnercenter_items SET held_until = " .. db.now .. " + ? WHERE run = ? AND holder = ?",
    seconds, run, holder)
end

function M.let_go(db, run, holder)
  db:run("UPDATE partnercenter_items SET holder = NULL, held_until = NULL WHERE run = ? AND holder = ?",
    run, holder)
  return true
end

--- The columns of an item that has ended. `attempts` are added to those there.
function M.of_end(state, result, err, meta)
  return {
    state = state,
    attempts = meta.attempts,
    answer = result and json.encode(result),
    category = err and err.category,
    status = meta.status,
    code = err and err.code,
    message = err and err.message,
  }
end

--- The columns of an item in vetting.
---@param due number by core.now()
function M.of_vetting(wait, due)
  local time = core.time() - core.now()
  return {
    state = "vetting",
    attempts = 0,
    answer = wait.last and json.encode(wait.last),
    vetting_begun = time + wait.begun,
    due = time + due,
    pause = wait.pause,
  }
end

--- Writes the columns, which are all those that can change, and lets go of the row.
function M.update(db, columns, ...)
  db:run("UPDATE partnercenter_items SET state = ?, attempts = attempts + ?, answer = ?, category = ?, status = ?, "
    .. "code = ?, message = ?, vetting_begun = ?, due = ?, pause = ?, changed = " .. db.now
    .. ", holder = NULL, held_until = NULL" .. KEY,
    columns.state, columns.attempts, columns.answer, columns.category, columns.status, columns.code, columns.message,
    columns.vetting_begun, columns.due, columns.pause, ...)
end

--- Rows in vetting that are to be polled, and that `holder` does not hold.
function M.due(db, run, holder, now, most)
  return db:rows(COLUMNS .. " WHERE run = ? AND state = 'vetting' AND due <= ? AND (holder IS NULL OR holder <> ?) "
    .. "ORDER BY due LIMIT " .. most .. db.lock, run, now, holder)
end

--- When the next of them is; nil where there is none.
function M.next_due(db, run, holder)
  return db:row("SELECT min(due) AS due FROM partnercenter_items WHERE run = ? AND state = 'vetting' "
    .. "AND (holder IS NULL OR holder <> ?)", run, holder).due
end

--- Rows to be sent that `holder` does not hold.
function M.sending(db, run, holder)
  return db:rows(COLUMNS .. " WHERE run = ? AND state = 'sending' AND (holder IS NULL OR holder <> ?)" .. db.lock,
    run, holder)
end

--- The unit of a row. An earlier request for it may have had its effect.
---@return partnercenter.Unit
function M.unit(found)
  return {
    item = json.decode(found.item),
    position = found.position,
    customer_id = found.customer_id,
    qualification = found.qualification,
    request_id = found.request_id,
    is_repeated = true,
  }
end

--- A row in vetting as an entry to poll.
function M.entry(found, new_wait)
  local unit = M.unit(found)
  local wait = new_wait(unit)
  wait.begun = core.now() - (core.time() - found.vetting_begun)
  wait.pause = found.pause
  wait.last = found.answer and json.decode(found.answer) or nil
  return { unit = unit, wait = wait }
end

return M
