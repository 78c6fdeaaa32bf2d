// native.multipart: what lua/http/server/multipart.lua takes bodies apart with. Its reader is an
// object that no script sees.
#include "net/multipart.hpp"

#include "bridge/http.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"

namespace moonwire {
namespace {

class LuaMultipartReader final : public Handle {
 public:
  static constexpr Type kType = Type::kMultipartReader;
  LuaMultipartReader(Runtime& runtime, std::string_view boundary)
      : Handle(runtime, kType, 0), reader(std::in_place, boundary) {}

  std::optional<MultipartReader> reader;  // until it is closed

 private:
  void on_close() override { reader.reset(); }
};

/// reader(boundary) -> reader | nil: there is no such boundary
Reply reader(Runtime& runtime, std::string_view boundary) {
  if (!MultipartReader::is_boundary(boundary)) return Reply::nil();
  return Reply::object(new LuaMultipartReader(runtime, boundary));
}

/// reader:next() -> a table: a part's head; a string: of its data; false: the end of all; nil:
/// needs more; nil, message, code
Reply next(Runtime& runtime, Ref<LuaMultipartReader> self) {
  using Kind = MultipartReader::Kind;
  const auto event = self->reader->next();
  if (!event) return Reply::fail(runtime, event.error());
  switch (event->kind) {
    case Kind::kPart: {
      Row row;
      row.put("fields", Reply::copy(runtime, packed_fields(self->reader->fields())));
      return Reply::record(runtime, row);
    }
    case Kind::kData: return Reply::bytes(event->data);
    case Kind::kEnd: return Reply::yes(false);
    case Kind::kNeedsMore: break;
  }
  return Reply::nil();
}

/// reader:put(bytes)
Reply put(Runtime&, Ref<LuaMultipartReader> self, std::string_view bytes) {
  self->reader->put(bytes);
  return Reply::nothing();
}

/// reader:put_end()
Reply put_end(Runtime&, Ref<LuaMultipartReader> self) {
  self->reader->put_end();
  return Reply::nothing();
}

constexpr FunctionEntry kFunctions[] = {{"reader", entry<&reader>}};
constexpr FunctionEntry kMethods[] = {
    {"next", entry<&next>}, {"put", entry<&put>}, {"put_end", entry<&put_end>}};

}  // namespace

constinit const Module kMultipartModule{"native.multipart", kFunctions, {}, {}, {}};
constinit const Module kMultipartReaderModule{nullptr, {}, Type::kMultipartReader, kMethods, {}};

}  // namespace moonwire
