// What the files of HTTP share: options, and fields as they come from a table.
#pragma once

#include "bridge/connection.hpp"

struct lua_State;

namespace moonwire {

/// A table of fields, {name = value or list of values}, checked: what would break a head is
/// raised. Nothing is none. The text is in the runtime's scratch.
struct FieldsArgument {
  HttpFields fields;
};
template <>
struct Reader<FieldsArgument> {
  static FieldsArgument read(Arguments& in);  // lua_http.cpp
};

/// line() and fields() of native.http (lua_http.cpp).
int http_line(lua_State* state);
int http_fields(lua_State* state);

/// Name and value of each field after one another, each with its length in front ("<s4"): what
/// headers.unpack of lua/http takes.
std::string packed_fields(const std::vector<HttpField>& fields);

/// What `options` of a listener of HTTP say.
std::shared_ptr<const HttpSettings> http_settings(const OptionValues& options);

}  // namespace moonwire
