// native.dns, for lua/dns.lua: questions to the name servers, and who these are.
#include "bridge/modules.hpp"
#include "net/record_query.hpp"

namespace moonwire {
namespace {

void put(std::string& out, std::string_view field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(size >> shift & 0xff);
  out += field;
}
void put(std::string& out, std::uint32_t number) { put(out, std::to_string(number)); }

/// The fields of each record after one another, each with its length in front ("<s4").
struct Packed {
  std::string& out;
  void operator()(const std::string& text) const { put(out, text); }
  void operator()(const MailExchange& mail) const {
    put(out, mail.preference);
    put(out, mail.host);
  }
  void operator()(const ServiceLocation& service) const {
    put(out, service.priority);
    put(out, service.weight);
    put(out, service.port);
    put(out, service.target);
  }
  void operator()(const Authority& zone) const {
    put(out, zone.mname);
    put(out, zone.rname);
    for (const auto number : {zone.serial, zone.refresh, zone.retry, zone.expire, zone.minimum}) {
      put(out, number);
    }
  }
};

/// One question: there as long as its task is parked in it.
class Asking final : public PassingPark, public RecordQuery {
 public:
  explicit Asking(Runtime& runtime) : RecordQuery(runtime.net().resolver()), runtime_(runtime) {
    purpose = "dns.resolve";
  }

 private:
  void on_records(Result<std::vector<Record>>&& answer) override {
    Runtime& runtime = runtime_;  // waking deletes this
    const std::size_t depth = runtime.scratch_depth();
    if (!answer) {
      runtime.wake(*first(), Reply::fail(runtime, answer.error()));
    } else {
      std::string& packed = runtime.scratch();
      packed.clear();
      for (const Record& record : *answer) std::visit(Packed{packed}, record);
      runtime.wake(*first(), Reply::bytes(packed));
    }
    runtime.drop_scratch(depth);
  }

  Runtime& runtime_;
};

/// resolve(name, type, timeout) -> packed records | nil, message, code. `type` "": A and
/// AAAA. Waits.
Reply resolve(Runtime& runtime, std::string_view name, std::string_view type, Seconds timeout,
              Yieldable yieldable) {
  std::vector<RecordType> types{RecordType::kAaaa, RecordType::kA};
  if (!type.empty()) {
    const auto one = record_type(type);
    if (!one) return Reply::raise(runtime, "dns.resolve: no such type");
    types = {*one};
  }
  // Where it cannot park, entry raises, and the question would stay behind.
  if (!yieldable.yes || runtime.running()->cancel_requested) {
    return Reply::wait(runtime.sleepers_);
  }
  auto asking = std::make_unique<Asking>(runtime);
  asking->start(name, types, timeout.value);
  return Reply::wait(*asking.release());
}

/// set_servers("127.0.0.1:5353,[::1]" | "") -> true | nil, message, code
Reply set_servers(Runtime& runtime, std::string_view list) {
  if (auto done = runtime.net().resolver().set_servers(list); !done) {
    return Reply::fail(runtime, done.error());
  }
  return Reply::yes(true);
}

/// servers() -> the list as it was set, "" for the system's
Reply servers(Runtime& runtime) { return Reply::copy(runtime, runtime.net().resolver().servers()); }

/// is_address(text) -> boolean
Reply is_address(Runtime&, std::string_view text) {
  return Reply::yes(reverse_name(text).has_value());
}

constexpr FunctionEntry kFunctions[] = {
    {"resolve", entry<&resolve>},
    {"is_address", entry<&is_address>},
    {"set_servers", entry<&set_servers>},
    {"servers", entry<&servers>},
};

}  // namespace

constinit const Module kDnsModule{"native.dns", kFunctions, {}, {}, {}};

}  // namespace moonwire
