--- Packed answers, as an app's middleware.
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

--- The value of a field, the first where there is a list.
local function find(headers, wanted)
  for name, value in pairs(headers) do
    if name:lower() == wanted then return type(value) == "table" and value[1] or value end
  end
end

local function new(options)
  local minimum = options.min or MINIMUM
  return function(req, res, next)
    local accepted = coding_for(req.headers["accept-encoding"] or "")
    local function becomes_smaller(headers)
      return res.status ~= 206 and is_text(find(headers, "content-type") or "text/plain")
        and not find(headers, "content-encoding")
    end
    --- Whether a body of so many bytes would be packed if its length were not told.
    function res.packs(size)
      return accepted ~= nil and size >= minimum and becomes_smaller(res.headers)
    end
    --- How the answer that begins now is packed, which its head says from here on; nil: not at all.
    function res.choose_coding()
      local headers = res.headers
      if not becomes_smaller(headers) or find(headers, "content-length") then return nil end
      headers.Vary = headers.Vary or "Accept-Encoding"
      headers["Content-Encoding"] = accepted
      return accepted
    end
    function res.encode(_, data)
      local coding = #data >= minimum and res.choose_coding()
      return coding and native.compress(coding, data) or data
    end
    return res:settle(next())
  end
end

return { new = new }
