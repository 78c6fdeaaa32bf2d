--- Applications of WSAPI (and of anything that speaks CGI's words): function(env) that returns a
-- status, headers and an iterator of the body's pieces.

local function environment(req, prefix, rest)
  local host, port = (req.host or ""):match("^(.-):?(%d*)$")
  local env = {
    REQUEST_METHOD = req.method, SCRIPT_NAME = prefix, PATH_INFO = rest,
    QUERY_STRING = req.raw_query, SERVER_PROTOCOL = req.version, SERVER_NAME = host,
    SERVER_PORT = port ~= "" and port or "80", REMOTE_ADDR = req.peer:match("^%[?(.-)%]?:?%d*$"),
    CONTENT_TYPE = req.headers["content-type"] or "",
    CONTENT_LENGTH = req.headers["content-length"] or "",
  }
  for name, value in pairs(req.headers) do
    if name ~= "content-type" and name ~= "content-length" and name ~= "proxy" then
      env["HTTP_" .. name:upper():gsub("-", "_")] = value
    end
  end
  local next_piece, held = nil, ""
  --- read(count): so many bytes at most, nil at the end; without a count all.
  env.input = { read = function(_, count)
    next_piece = next_piece or req:body()
    if not count then
      local all = { held }
      for piece in next_piece do all[#all + 1] = piece end
      held = ""
      return table.concat(all)
    end
    if held == "" then held = next_piece() or "" end
    local piece = held:sub(1, count)
    held = held:sub(count + 1)
    return piece ~= "" and piece or nil
  end }
  env.error = io.stderr
  return env
end

local function new(application, prefix)
  return function(req, res, rest)
    local status, headers, iterator = application(environment(req, prefix, rest))
    res.status = math.tointeger(tonumber(tostring(status):match("^%d+")))
    for name, value in pairs(headers or {}) do res:set(name, value) end
    if not iterator then return end
    for piece in iterator do
      if not res:write(piece) then return end
    end
    return res:finish("")
  end
end

return { new = new }
