--- Any value as Lua would read it: `inspect(x, { depth =, items =, width = })` -> string.
-- Tables are read raw: the sequence first, then the other keys in order (numbers,
-- strings, the rest). Of metamethods only __inspect, and __tostring of what is no table,
-- are called; an error in them is shown in place as <error: message>. Never raises but
-- for wrong options. The module is the function.
local DEFAULTS = { depth = 4, items = 100, width = 80 }
local MAX_STRING = 1000  -- bytes of a string that are shown

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]):gmatch("%a+") do
  KEYWORDS[word] = true
end

-- --- strings and numbers --------------------------------------------------------------

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape_byte(byte) return ESCAPES[byte] or ("\\x%02X"):format(byte:byte()) end

--- Characters that would move the cursor or turn the text around.
local function is_hidden(code)
  return code >= 0x80 and code < 0xA0 or code >= 0x200E and code <= 0x200F
    or code >= 0x2028 and code <= 0x202E or code >= 0x2066 and code <= 0x2069 or code == 0xFEFF
end

local function escape_character(character)
  local code = utf8.codepoint(character)
  return is_hidden(code) and ("\\u{%X}"):format(code) or character
end

local function escape(s)
  s = s:gsub('[%c"\\\x7F]', escape_byte)
  if not s:find("[\x80-\xFF]") then return s end
  local pieces, from = {}, 1
  while from <= #s do  -- runs of valid UTF-8, with the bad bytes between them
    local _, bad = utf8.len(s, from)
    local run = s:sub(from, bad and bad - 1)
    pieces[#pieces + 1] = run:gsub(utf8.charpattern, function(character)
      return #character > 1 and escape_character(character) or character
    end)
    if not bad then break end
    pieces[#pieces + 1] = escape_byte(s:sub(bad, bad))
    from = bad + 1
  end
  return table.concat(pieces)
end

--- Where to cut so that no character is split: at most `limit` bytes.
local function cut_at(s, limit)
  local cut = limit
  while cut > limit - 4 and (s:byte(cut + 1) or 0) & 0xC0 == 0x80 do cut = cut - 1 end
  return cut > limit - 4 and cut or limit
end

local function show_string(s)
  if #s <= MAX_STRING then return '"' .. escape(s) .. '"' end
  local cut = cut_at(s, MAX_STRING)
  return ('"%s" ... %d bytes'):format(escape(s:sub(1, cut)), #s - cut)
end

local function show_number(n)
  if n ~= n then return "0/0" end
  if n == math.huge then return "math.huge" end
  if n == -math.huge then return "-math.huge" end
  if math.type(n) == "integer" then
    return n == math.mininteger and "math.mininteger" or ("%d"):format(n)
  end
  for digits = 14, 17 do  -- the shortest that reads back as the same
    local text = ("%." .. digits .. "g"):format(n)
    if tonumber(text) == n then return text:find("[.en]") and text or text .. ".0" end
  end
end

-- --- functions and objects ---------------------------------------------------------------

--- "print", "string.format": the name of a function in a loaded module, or nil. What the
-- prompt keeps (_, __, _err) is no name.
local function function_name(fn)
  local best
  for module_name, module in next, package.loaded do
    if type(module) == "table" and type(module_name) == "string" then
      for name, value in next, module do
        local is_name = type(name) == "string" and name ~= "_err" and not name:find("^_+$")
        if is_name and rawequal(value, fn) then
          if module_name == "_G" then return name end
          best = module_name .. "." .. name
        end
      end
    end
  end
  return best
end

local function show_function(fn)
  local info = debug.getinfo(fn, "S")
  local words = { "function", function_name(fn) }
  if info.what ~= "C" then words[#words + 1] = info.short_src .. ":" .. info.linedefined end
  return "<" .. table.concat(words, " ") .. ">"
end

--- What a metamethod makes of `x`, or the error in its place.
local function call_for_text(name, method, x, options)
  local ok, result = pcall(method, x, options)
  if ok and type(result) == "string" then return result end
  if ok then return ("<error: %s returned a %s>"):format(name, type(result)) end
  local described, text = pcall(tostring, result)
  return "<error: " .. (described and text or type(result)) .. ">"
end

local function metafield(x, name)
  local metatable = debug.getmetatable(x)
  return type(metatable) == "table" and rawget(metatable, name) or nil
end

--- `facts`: what is known of an object of the shell's is told as well.
local function show_object(x, options, facts)
  for _, name in ipairs { "__inspect", "__tostring" } do
    local method = metafield(x, name)
    if method then
      local text = call_for_text(name, method, x, options)
      return facts and require("listing").describe(x, metafield(x, "__name"), text) or text
    end
  end
  if type(x) == "thread" then return "<thread " .. coroutine.status(x) .. ">" end
  local name = metafield(x, "__name")
  return "<" .. (type(name) == "string" and name or type(x)) .. ">"
end

local SCALARS = {
  ["nil"] = function() return "nil" end,
  boolean = tostring,
  number = show_number,
  string = show_string,
  ["function"] = show_function,
}

-- --- tables -------------------------------------------------------------------------------

local RANKS = { number = 1, string = 2, boolean = 3 }

local function key_before(a, b)
  local rank_a, rank_b = RANKS[type(a)] or 4, RANKS[type(b)] or 4
  if rank_a ~= rank_b then return rank_a < rank_b end
  if rank_a <= 2 then return a < b end
  if rank_a == 3 then return not a and b end
  return type(a) < type(b)
end

--- Puts `key` in its place among the first `most` keys; the rest is let go, so that a
-- large table costs no large sort.
local function insert_key(keys, key, most)
  if most <= 0 or #keys == most and not key_before(key, keys[most]) then return end
  local low, high = 1, #keys + 1
  while low < high do
    local middle = (low + high) // 2
    if key_before(key, keys[middle]) then high = middle else low = middle + 1 end
  end
  table.insert(keys, low, key)
  keys[most + 1] = nil
end

--- The length of the sequence, the first keys outside it, and how many entries there are.
local function survey(t, most)
  local length = 0
  while rawget(t, length + 1) ~= nil do length = length + 1 end
  local keys, count = {}, 0
  for key in next, t do
    count = count + 1
    local in_sequence = math.type(key) == "integer" and key >= 1 and key <= length
    if not in_sequence then insert_key(keys, key, most - length) end
  end
  return length, keys, count
end

local function width_of(s) return utf8.len(s) or #s end

local function show_key(key)
  if type(key) == "string" then
    local name = #key <= MAX_STRING and key:find("^[A-Za-z_][A-Za-z0-9_]*$")
    if name and not KEYWORDS[key] then return key end
    return "[" .. show_string(key) .. "]"
  end
  local show = SCALARS[type(key)]
  return "[" .. (show and show(key) or type(key) == "table" and "{...}" or show_object(key)) .. "]"
end

--- The items as one line if it fits into `room`, else one line each, indented.
local function lay_out(items, room, indent)
  local width, flat = 4, true
  for _, item in ipairs(items) do
    width = width + width_of(item) + 2
    flat = flat and not item:find("\n", 1, true)
  end
  if flat and width - 2 <= room then return "{ " .. table.concat(items, ", ") .. " }" end
  local margin = "\n" .. (" "):rep(indent + 2)
  return "{" .. margin .. table.concat(items, "," .. margin) .. "\n" .. (" "):rep(indent) .. "}"
end

-- One look at the whole value finds the tables that come more than once
-- (state.repeated); if there are any, a second look (state.repeats) numbers them.
local show

local function show_table(t, state, level, indent, prefix)
  if state.open[t] then return "<cycle>" end
  if state.seen[t] then
    state.repeated[t] = true
    return state.labels[t] or "<table>"
  end
  local empty = next(t) == nil
  if level > state.options.depth and not empty then return "{...}" end
  state.seen[t] = true
  local lead = ""
  if state.repeats[t] then
    state.labelled = state.labelled + 1
    state.labels[t] = ("<table %d>"):format(state.labelled)
    lead = state.labels[t] .. " "
  end
  if empty then return lead .. "{}" end

  state.open[t] = true
  local most = state.options.items
  local length, keys, count = survey(t, most)
  local items = {}
  for i = 1, math.min(length, most) do
    items[i] = show(rawget(t, i), state, level + 1, indent + 2, 1)
  end
  for _, key in ipairs(keys) do
    local name = show_key(key) .. " = "
    items[#items + 1] = name .. show(rawget(t, key), state, level + 1, indent + 2,
      width_of(name) + 1)
  end
  if count > #items then items[#items + 1] = ("... %d more"):format(count - #items) end
  state.open[t] = nil
  return lead .. lay_out(items, state.options.width - indent - prefix - #lead, indent)
end

function show(x, state, level, indent, prefix)
  local scalar = SCALARS[type(x)]
  if scalar then return scalar(x) end
  if type(x) == "table" and not metafield(x, "__inspect") then
    return show_table(x, state, level, indent, prefix)
  end
  local text = show_object(x, state.options, level == 1 and type(x) == "userdata")
  if level > 1 and text:find("\n", 1, true) then  -- on rows of its own, so that columns stay
    text = ("\n" .. text):gsub("\n", "\n" .. (" "):rep(indent + 2))
  end
  return text
end

local function look(x, options, repeats)
  local state = { options = options, repeats = repeats, labels = {}, labelled = 0,
    seen = {}, open = {}, repeated = {} }
  return show(x, state, 1, 0, 0), state.repeated
end

local function read_options(given)
  if given == nil then return DEFAULTS end
  if type(given) ~= "table" then
    error("bad argument #2 to 'inspect' (table expected, got " .. type(given) .. ")", 3)
  end
  local options = {}
  for name, value in next, given do
    if not DEFAULTS[name] then
      local close = require("help").close_names(tostring(name), { "depth", "items", "width" })[1]
      error(("inspect: unknown option '%s'%s"):format(name,
        close and (", did you mean '%s'?"):format(close) or ""), 3)
    elseif type(value) ~= "number" then
      error(("inspect: option '%s' must be a number, got a %s"):format(name, type(value)), 3)
    end
  end
  for name, default in next, DEFAULTS do options[name] = given[name] or default end
  return options
end

local function inspect(x, options)
  options = read_options(options)
  local text, repeated = look(x, options, {})
  if next(repeated) then text = look(x, options, repeated) end
  return text
end

return inspect
