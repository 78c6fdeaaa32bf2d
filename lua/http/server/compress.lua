--- Packed answers, as an app's middleware: those that are given whole.
local native = require "native.http"

local MINIMUM <const> = 1024  -- bytes: less is not worth its head

--- Whether packing makes it smaller.
local function is_text(kind)
  return kind:find "^text/" or kind:find "json" or kind:find "javascript" or kind:find "xml"
end

--- The coding that the client takes; nil if it takes none.
local function coding_for(accepted)
  local weights = {}
  for word in accepted:lower():gmatch "[^,]+" do
    local name = word:match "^%s*([^%s;]+)"
    if name then weights[name] = tonumber(word:match ";%s*q%s*=%s*([%d.]+)" or 1) or 0 end
  end
  local gzip = weights.gzip or weights["x-gzip"] or weights["*"] or 0
  local deflate = weights.deflate or weights["*"] or 0
  if gzip > 0 and gzip >= deflate then return "gzip" end
  return deflate > 0 and "deflate" or nil
end

local function find(headers, wanted)
  for name, value in pairs(headers) do
    if name:lower() == wanted then return value end
  end
end

local function new(options)
  local minimum = options.min or MINIMUM
  return function(req, res, next)
    local coding = coding_for(req.headers["accept-encoding"] or "")
    function res.encode(_, data)
      local headers = res.headers
      local kind = find(headers, "content-type") or "text/plain"
      if #data < minimum or not is_text(kind) or find(headers, "content-encoding")
        or find(headers, "content-length") then return data end
      headers.Vary = headers.Vary or "Accept-Encoding"
      if not coding then return data end
      headers["Content-Encoding"] = coding
      return native.compress(coding, data)
    end
    return res:settle(next())
  end
end

return { new = new }
