--- Files of a directory, as an app's prefix: types, ETag, ranges, index.html, gzip.
local native = require "native.http"
local dates = require "http.date"
local query = require "http.server.query"

local PIECE <const> = 64 * 1024  -- bytes that are read at once
local MOST_RANGES <const> = 16   -- of one request

local TYPES <const> = {
  css = "text/css; charset=utf-8", csv = "text/csv; charset=utf-8", gif = "image/gif",
  gz = "application/gzip", html = "text/html; charset=utf-8", ico = "image/x-icon",
  jpeg = "image/jpeg", jpg = "image/jpeg", js = "text/javascript; charset=utf-8",
  json = "application/json", lua = "text/plain; charset=utf-8", md = "text/markdown; charset=utf-8",
  mjs = "text/javascript; charset=utf-8", mp3 = "audio/mpeg", mp4 = "video/mp4",
  pdf = "application/pdf", png = "image/png", svg = "image/svg+xml", ttf = "font/ttf",
  txt = "text/plain; charset=utf-8", wasm = "application/wasm", webm = "video/webm",
  webp = "image/webp", woff = "font/woff", woff2 = "font/woff2", xml = "application/xml",
  zip = "application/zip",
}

local function type_of(path)
  local extension = path:match("%.(%w+)$")
  return extension and TYPES[extension:lower()] or "application/octet-stream"
end

--- Whether the client has what `tag` names.
local function matches(condition, tag)
  if condition == "*" then return true end
  for each in condition:gmatch('"[^"]*"') do
    if each == tag then return true end
  end
  return false
end

--- Whether the client says that it has this state of the file.
local function is_known(req, tag, modified)
  local condition = req.headers["if-none-match"]
  if condition then return matches(condition, tag) end
  local since = dates.parse(req.headers["if-modified-since"] or "")
  return since ~= nil and modified <= since
end

--- "0-99" -> first, last; nothing if it is none; false if no byte is there.
local function range_of(text, size)
  local first, last = text:match("^(%d*)%-(%d*)$")
  if not first or first == "" and last == "" or #first > 15 or #last > 15 then return nil end
  first, last = math.tointeger(tonumber(first)), math.tointeger(tonumber(last))
  if not first then  -- the last so many
    if last == 0 or size == 0 then return false end
    return math.max(0, size - last), size - 1
  end
  if last and last < first then return nil end
  if first >= size then return false end
  return first, math.min(last or size - 1, size - 1)
end

--- "bytes=0-99,200-" -> a list of { first, last }; false if no byte of them is there; nil if all is
-- to be sent: where it is not understood, or asks for more than there is.
local function ranges_of(text, size)
  local list = text:match "^bytes=(.*)$"
  if not list then return nil end
  local ranges, count, total = {}, 0, 0
  for each in list:gmatch "[^, \t]+" do
    local first, last = range_of(each, size)
    if first == nil then return nil end
    count = count + 1
    if first then
      ranges[#ranges + 1] = { first, last }
      total = total + last - first + 1
    end
  end
  if count == 0 or count > MOST_RANGES or total > size then return nil end
  return #ranges > 0 and ranges
end

--- Sends so many bytes of a file from `first` on. False if the client is gone.
local function send(res, file, first, count)
  file:seek("set", first)
  while count > 0 do
    local piece = file:read(math.min(PIECE, count))
    if not piece then error("the file has become shorter", 0) end
    if not res:write(piece) then return false end
    count = count - #piece
  end
  return true
end

--- What stands before each part of an answer with several ranges, and behind the last.
local function dividers(ranges, size, kind)
  local boundary = ("%016x"):format(math.random(0))
  local texts, length = {}, 0
  for i, range in ipairs(ranges) do
    texts[i] = ("%s--%s\r\nContent-Type: %s\r\nContent-Range: bytes %d-%d/%d\r\n\r\n")
      :format(i > 1 and "\r\n" or "", boundary, kind, range[1], range[2], size)
    length = length + #texts[i] + range[2] - range[1] + 1
  end
  texts[#texts + 1] = ("\r\n--%s--\r\n"):format(boundary)
  return texts, length + #texts[#texts], "multipart/byteranges; boundary=" .. boundary
end

local function send_several(res, file, ranges, size)
  local headers = res.headers
  local texts, length, kind = dividers(ranges, size, headers["Content-Type"])
  headers["Content-Type"], headers["Content-Length"] = kind, length
  for i, range in ipairs(ranges) do
    if not res:write(texts[i]) then return end
    if not send(res, file, range[1], range[2] - range[1] + 1) then return end
  end
  return res:finish(texts[#texts])
end

--- The ranges that are asked for, as ranges_of has them.
local function asked_ranges(req, headers, size)
  local asked, unless = req.headers.range, req.headers["if-range"]
  if not asked or req.method ~= "GET" then return nil end
  if unless and unless ~= headers.ETag and unless ~= headers["Last-Modified"] then return nil end
  return ranges_of(asked, size)
end

local function send_file(req, res, path, facts)
  local file <close> = io.open(path, "rb")
  if not file then return 403, "forbidden\n" end
  local tag = ('"%x-%x"'):format(facts.modified, facts.size)
  local headers = res.headers
  headers.ETag = tag
  headers["Last-Modified"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", facts.modified)
  headers["Accept-Ranges"] = "bytes"
  headers["Content-Type"] = headers["Content-Type"] or type_of(path)
  if is_known(req, tag, facts.modified) then
    headers["Content-Type"] = nil
    return 304
  end
  local ranges = asked_ranges(req, headers, facts.size)
  if ranges == false then
    headers["Content-Range"] = ("bytes */%d"):format(facts.size)
    return 416, "no such bytes\n"
  end
  if ranges then res.status = 206 end
  if ranges and #ranges > 1 then return send_several(res, file, ranges, facts.size) end
  local first, last = 0, facts.size - 1
  if ranges then
    first, last = ranges[1][1], ranges[1][2]
    headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, facts.size)
  end
  if req.method == "GET" and not ranges and res.packs and res.packs(facts.size) then
    headers.ETag, headers["Accept-Ranges"] = "W/" .. tag, nil  -- other bytes, of no length yet
  else
    headers["Content-Length"] = last - first + 1
  end
  if req.method == "HEAD" then return 200, "" end
  if send(res, file, first, last - first + 1) then res:finish() end
end

--- A packed file beside it, if the client takes one.
local function packed(req, res, path)
  local accepted = (req.headers["accept-encoding"] or ""):lower()
  if not accepted:find("gzip", 1, true) or accepted:find("gzip%s*;%s*q=0%f[^%d.]") then return end
  local facts = native.stat(path .. ".gz")
  if not facts or facts.kind ~= "file" then return end
  res.headers["Content-Type"] = type_of(path)
  res.headers["Content-Encoding"] = "gzip"
  return path .. ".gz", facts
end

--- Whether a file is not meant for others, ".git/config": all but ".well-known" (RFC 8615).
local function is_hidden(parts)
  for _, part in ipairs(parts) do
    if part:sub(1, 1) == "." and part ~= ".well-known" then return true end
  end
  return false
end

--- `options`: index, the file that stands for a directory ("index.html"); gzip = true: "x.gz" is
-- sent in the place of "x" to who takes it; hidden = true: names that begin with a dot are served.
local function new(directory, options)
  local index = options.index or "index.html"
  directory = directory:gsub("(.)/+$", "%1")
  return function(req, res, rest)
    if req.method ~= "GET" and req.method ~= "HEAD" then
      res.headers.Allow = "GET, HEAD"
      return 405, "method not allowed\n"
    end
    local parts = query.resolve(rest)
    if not parts or is_hidden(parts) and not options.hidden then return 404, "not found\n" end
    local path = directory .. "/" .. table.concat(parts, "/")
    local facts = native.stat(path)
    if facts and facts.kind == "directory" then
      local asked = req.raw_query ~= "" and "?" .. req.raw_query or ""
      if req.raw_path:sub(-1) ~= "/" then
        return res:redirect(req.raw_path:gsub("^/+", "/") .. "/" .. asked, 301)
      end
      path = path:gsub("/$", "") .. "/" .. index
      facts = native.stat(path)
    elseif rest:sub(-1) == "/" then
      facts = nil  -- no directory
    end
    if not facts or facts.kind ~= "file" then return 404, "not found\n" end
    if options.gzip ~= false then
      res.headers.Vary = "Accept-Encoding"
      local other, its = packed(req, res, path)
      if other then path, facts = other, its end
    end
    return send_file(req, res, path, facts)
  end
end

return { new = new }
