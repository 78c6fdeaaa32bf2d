--- Files of a directory, as an app's prefix: types, ETag, ranges, index.html, gzip.
local native = require "native.http"
local query = require "http.server.query"

local PIECE <const> = 64 * 1024  -- bytes that are read at once

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

--- "bytes=0-99" -> first, last; nothing if it is not for us; false if no byte is there.
local function range_of(text, size)
  local first, last = text:match("^bytes=(%d*)%-(%d*)$")
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

--- Sends so many bytes of a file from `first` on.
local function send(res, file, first, count)
  file:seek("set", first)
  while count > 0 do
    local piece = file:read(math.min(PIECE, count))
    if not piece then error("the file has become shorter", 0) end
    if not res:write(piece) then return end  -- the client is gone
    count = count - #piece
  end
  res:finish()
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
  local condition = req.headers["if-none-match"]
  if condition and matches(condition, tag)
    or not condition and req.headers["if-modified-since"] == headers["Last-Modified"] then
    headers["Content-Type"] = nil
    return 304
  end
  local first, last = 0, facts.size - 1
  local asked, unless = req.headers.range, req.headers["if-range"]
  if asked and req.method == "GET" and (not unless or unless == tag
    or unless == headers["Last-Modified"]) then
    local from, to = range_of(asked, facts.size)
    if from == false then
      headers["Content-Range"] = ("bytes */%d"):format(facts.size)
      return 416, "no such bytes\n"
    elseif from then
      first, last = from, to
      res.status = 206
      headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, facts.size)
    end
  end
  headers["Content-Length"] = last - first + 1
  if req.method == "HEAD" then return res.status or 200, "" end
  return send(res, file, first, last - first + 1)
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

--- `options`: index, the file that stands for a directory ("index.html"); gzip = true: "x.gz" is
-- sent in the place of "x" to who takes it.
local function new(directory, options)
  local index = options.index or "index.html"
  directory = directory:gsub("(.)/+$", "%1")
  return function(req, res, rest)
    if req.method ~= "GET" and req.method ~= "HEAD" then
      res.headers.Allow = "GET, HEAD"
      return 405, "method not allowed\n"
    end
    local parts = query.resolve(rest)
    if not parts then return 404, "not found\n" end
    local path = directory .. "/" .. table.concat(parts, "/")
    local facts = native.stat(path)
    if facts and facts.kind == "directory" then
      local asked = req.raw_query ~= "" and "?" .. req.raw_query or ""
      if req.raw_path:sub(-1) ~= "/" then
        return res:redirect(req.raw_path:gsub("^/+", "/") .. "/" .. asked, 301)
      end
      path = path:gsub("/$", "") .. "/" .. index
      facts = native.stat(path)
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
