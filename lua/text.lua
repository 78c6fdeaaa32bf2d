--- Bytes and long strings, made fit to be looked at.
local blame = require "blame"

local text = {}

--- `s` in hexadecimal and as text: eight digits of offset, 16 bytes in two groups, and
-- the printable characters. One line per 16 bytes, without a newline at the end.
function text.hexdump(s)
  if type(s) ~= "string" then blame.expected("hexdump", "a string", s) end
  local lines = {}
  for offset = 0, #s - 1, 16 do
    local piece = s:sub(offset + 1, offset + 16)
    local hex = piece:gsub(".", function(byte) return ("%02x "):format(byte:byte()) end)
    if #hex > 24 then hex = hex:sub(1, 24) .. " " .. hex:sub(25) end
    lines[#lines + 1] = ("%08x  %-49s |%s|"):format(offset, hex, (piece:gsub("[^ -~]", ".")))
  end
  return table.concat(lines, "\n")
end

--- `s` if it is at most `width` characters (80); else its beginning and "..(N)..", N being
-- the characters cut, together exactly `width`. Where that has no room, the beginning alone.
function text.shorten(s, width)
  if type(s) ~= "string" then blame.expected("shorten", "a string", s) end
  width = width or 80
  if math.type(width) ~= "integer" then blame.expected("shorten", "a whole number of characters", width) end
  local length = utf8.len(s)
  local unit = length and function(count) return s:sub(1, utf8.offset(s, count + 1) - 1) end
    or function(count) return s:sub(1, count) end
  length = length or #s
  if length <= width then return s end
  for digits = 1, 20 do
    local kept = width - digits - #"..().."
    local cut = tostring(length - kept)
    if kept < 0 then return unit(math.max(width, 0)) end
    if #cut == digits then return unit(kept) .. "..(" .. cut .. ").." end
  end
end

return text
