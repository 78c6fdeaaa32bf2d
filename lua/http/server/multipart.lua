--- Multipart bodies (RFC 2046, 7578), taken apart as they come.
local native = require "native.http"
local readers = require "native.multipart"
local headers = require "http.headers"

local Part = {}
Part.__index = Part

--- `for piece in part:body() do`: as it comes.
function Part.body(part) return part.read end

--- All of it; nil, message, "EMSGSIZE" if it is longer than `max` (the listener's max_body).
function Part.text(part, max)
  if part.whole then return part.whole end
  max = max or native.max_body(part.connection) or 0  -- 0: it was closed
  local pieces, size = {}, 0
  repeat
    if size > max then
      native.refuse_body(part.connection)
      return nil, ("read: the part is longer than %d bytes"):format(max), "EMSGSIZE"
    end
    local piece = part.read()
    size = size + #(piece or "")
    pieces[#pieces + 1] = piece
  until not piece
  part.whole = table.concat(pieces)
  return part.whole
end

--- The text in quotes that begin at `at`, and where it goes on behind them; nil if they do not end.
-- Of backslashes only those before a quote mean something: Windows has them in names of files.
local function unquote(text, at)
  local from = at + 1
  repeat
    local quote = text:find('"', from, true)
    if not quote then return nil end
    from = quote + 1
  until text:sub(quote - 1, quote - 1) ~= "\\"
  return (text:sub(at + 1, from - 2):gsub('\\"', '"')), from
end

--- 'form-data; name="a"; size=3' -> { name = "a", size = "3" }; of a name that comes again the
-- first counts.
local function parameters(text)
  local found, at = {}, text:find(";", 1, true)
  while at do
    local name, from = text:match("^;%s*([^%s=;\"]+)%s*=%s*()", at)
    if not name then break end
    local value, behind
    if text:sub(from, from) == '"' then
      value, behind = unquote(text, from)
    else
      value, behind = text:match("^([^;%s]*)()", from)
    end
    if not value then break end
    name = name:lower()
    found[name] = found[name] or value
    at = text:find(";", behind, true)
  end
  return found
end

local function reader_of(req)
  local kind = req.headers["content-type"] or ""
  if not kind:lower():find "^multipart/" then error("req:parts: the body is not multipart", 0) end
  local reader = readers.reader(parameters(kind).boundary or "")
  return reader or error("req:parts: no boundary in the Content-Type", 0)
end

--- An iterator of parts: name, filename, type, headers, :body(), :text(). What a loop does not
-- read of one is read over.
local function parts(req)
  local reader, source = reader_of(req), req:body()
  --- The head of the next part as a table, a piece of this one as a string; false at the end.
  local function step()
    while true do
      local event, message = reader:next()
      if event ~= nil then return event end
      if message then
        native.spoil_body(req.connection)
        error("req:parts: " .. message, 0)
      end
      local piece = source()
      if piece then reader:put(piece) else reader:put_end() end
    end
  end
  local head, current  -- what follows the current part, once that has been read
  local function read(part)
    if part ~= current or head ~= nil then return nil end
    local event = step()
    if type(event) == "string" then return event end
    head = event
  end
  return function()
    while head == nil do read(current) end
    if not head then
      for _ in source do end
      return nil
    end
    local fields = headers.unpack(head.fields)
    local told = parameters(fields["content-disposition"] or "")
    local part = setmetatable({ connection = req.connection, headers = fields,
      type = fields["content-type"], name = told.name, filename = told.filename }, Part)
    function part.read() return read(part) end
    head, current = nil, part
    return part
  end
end

return { parts = parts }
