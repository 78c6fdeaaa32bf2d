--- Multipart bodies (RFC 2046, 7578), taken apart as they come.
local FIELDS <const> = 16 * 1024  -- the most bytes before a part's body

local Part = {}
Part.__index = Part

--- `for piece in part:body() do`: as it comes.
function Part.body(part) return part.read end

--- All of it: "" at least.
function Part.text(part)
  if not part.whole then
    local pieces = {}
    for piece in part.read do pieces[#pieces + 1] = piece end
    part.whole = table.concat(pieces)
  end
  return part.whole
end

local function boundary_of(req)
  local kind = req.headers["content-type"] or ""
  if not kind:lower():find("^multipart/") then error("req:parts: the body is not multipart", 0) end
  local name = kind:match('[bB][oO][uU][nN][dD][aA][rR][yY]="([^"]+)"')
    or kind:match("[bB][oO][uU][nN][dD][aA][rR][yY]=([^%s;]+)")
  if not name or #name > 70 then error("req:parts: no boundary in the Content-Type", 0) end
  return name
end

--- Reads a body up to marks. `take(mark)` gives the next piece before the mark, or nil when the
-- mark has been taken.
local function reader(next_piece)
  local held, ended = "", false
  local function more()
    local piece = not ended and next_piece()
    if not piece then ended = true error("req:parts: the body ended early", 0) end
    held = held .. piece
  end
  local function take(mark)
    while true do
      local at = held:find(mark, 1, true)
      if at == 1 then held = held:sub(#mark + 1) return nil end
      -- The mark may begin in the last bytes.
      local safe = at and at - 1 or #held - #mark + 1
      if safe > 0 then
        local piece = held:sub(1, safe)
        held = held:sub(safe + 1)
        return piece
      end
      more()
    end
  end
  local function line(most)
    local from = 1
    while true do
      local at = held:find("\r\n", from, true)
      if at then
        local text = held:sub(1, at - 1)
        held = held:sub(at + 2)
        return text
      end
      if #held > most then error("req:parts: a part's head is too long", 0) end
      from = math.max(1, #held)
      more()
    end
  end
  return take, line
end

local function parameter(text, name)
  return text:match(";%s*" .. name .. '="([^"]*)"') or text:match(";%s*" .. name .. "=([^;%s]+)")
end

local function head_of(line)
  local headers, size = {}, 0
  while true do
    local text = line(FIELDS)
    if text == "" then return headers end
    size = size + #text
    local name, value = text:match("^([^%s:]+):%s*(.-)%s*$")
    if not name or size > FIELDS then error("req:parts: a part's head is malformed", 0) end
    headers[name:lower()] = value
  end
end

--- An iterator of parts: name, filename, type, headers, :body(), :text(). What a loop does not
-- read of one is read over.
local function parts(req)
  local mark = "\r\n--" .. boundary_of(req)
  local source, first = req:body(), true
  local take, line = reader(function()
    if first then first = false return "\r\n" end  -- so that the first mark is as the others
    return source()
  end)
  local current
  return function()
    if current then for _ in current.read do end else repeat until not take(mark) end
    local rest = line(256)
    if rest:find("^%-%-") then
      for _ in source do end
      return nil
    end
    if rest:find("[^ \t]") then error("req:parts: bytes behind a boundary", 0) end
    local headers = head_of(line)
    local disposition = headers["content-disposition"] or ""
    local over = false
    current = setmetatable({
      headers = headers, type = headers["content-type"], name = parameter(disposition, "name"),
      filename = parameter(disposition, "filename"),
      read = function()
        local piece = not over and take(mark) or nil
        over = over or not piece
        return piece
      end,
    }, Part)
    return current
  end
end

return { parts = parts }
