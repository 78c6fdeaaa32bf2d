--- Objects of a class that a program gives as a table, over a base of ours: what the class (or what
-- it inherits from) does not have comes from the base.
local metatables = setmetatable({}, { __mode = "k" })  -- by base, then by class

local function lookup(class, base)
  return function(_, key)
    local value = class[key]
    if value == nil then return base[key] end
    return value
  end
end

--- `object`, made one of `class` over `base`.
return function(object, class, base)
  local of_base = metatables[base]
  if not of_base then
    of_base = setmetatable({}, { __mode = "k" })
    metatables[base] = of_base
  end
  local meta = of_base[class]
  if not meta then
    meta = { __index = lookup(class, base), __tostring = base.tostring }
    of_base[class] = meta
  end
  return setmetatable(object, meta)
end
