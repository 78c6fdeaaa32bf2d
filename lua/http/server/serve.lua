--- What runs for each connection of a listener on http:// or https://: takes one request after
-- the other and calls the listener's handler, as handler(req, res). The handler answers by what
-- it returns (a string; a table, as JSON; a status and a body; nothing), or drives `res`. If it
-- fails, the task fails, and with it the connection.
local native = require "native.http"
local Request = require "http.server.request"
local Response = require "http.server.response"

local new_request, new_response = Request.new, Response.new
local next_head, handler_of, keeps, respond = native.next, native.handler, native.keeps, native.respond

return function(conn)
  local handler
  for head in next_head, conn do
    handler = handler_of(conn) or handler
    local req = new_request(conn, head)
    local res = new_response(conn, req)
    local first, second, third = handler(req, res)
    if type(first) == "string" then
      respond(conn, rawget(res, "status") or 200, rawget(res, "headers"), first)
    else
      res:settle(first, second, third)
    end
    local done = rawget(res, "done")
    if done then done(native.status(conn), native.sent(conn)) end
    res.conn = nil  -- whoever kept it has no part in the next
    if not keeps(conn) then return end
  end
end
