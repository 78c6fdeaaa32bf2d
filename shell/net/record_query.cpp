#include "net/record_query.hpp"

#include <ares.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "net/local_names.hpp"
#include "net/name_servers.hpp"

namespace moonwire {

/// One start(). c-ares cannot forget a single question, so each answer that is still to come
/// holds on to this as well. The timer is the deadline, then the moment of delivery.
struct RecordQuery::State final : Timer {
  /// An answer to come, of one type.
  struct Ticket {
    std::shared_ptr<State> state;
    std::size_t index;
  };

  State(RecordQuery& q, std::string_view n) : query(&q), name(n) {}
  void begin(const std::vector<RecordType>& wanted);
  bool know();
  void ask();
  void answered(std::size_t index, int answer, std::string_view packet);
  Result<std::vector<Record>> outcome();
  std::string cause(int why) const;
  void on_due() override;

  RecordQuery* query;  // null: nobody wants to know any more
  std::string name;
  std::vector<RecordType> types;
  std::vector<std::vector<Record>> found;  // of each type
  NameServers* servers = nullptr;          // once asked
  std::size_t pending = 0;                 // types not answered yet
  int status = ARES_ENODATA;
  std::string fault;  // known without asking
  TimePoint asked{};
};

void RecordQuery::State::begin(const std::vector<RecordType>& wanted) {
  types = wanted;
  found.resize(types.size());
  fault = record_name_fault(name);
  if (fault.empty() && !know()) return ask();
  arm(query->resolver_.reactor(), Nanoseconds(0));
}

/// What needs no name server.
bool RecordQuery::State::know() {
  const auto is_address = [](RecordType t) {
    return t == RecordType::kA || t == RecordType::kAaaa;
  };
  if (std::none_of(types.begin(), types.end(), is_address)) {
    const auto address = Endpoint::from_ip(name, 0);
    if (!address || types.front() != RecordType::kPtr) return address.has_value();
    for (const std::string& each : hosts_file_names(*address)) found[0].emplace_back(each);
    return !found[0].empty();
  }
  const auto local = local_answer(name, 0);
  if (!local) fault = local.error().cause;
  if (!local || local->empty()) return !local;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const int family = types[i] == RecordType::kAaaa ? AF_INET6 : AF_INET;
    for (const Endpoint& each : *local) {
      if (each.family() == family) found[i].emplace_back(each.ip());
    }
  }
  return true;
}

void RecordQuery::State::ask() {
  const auto reverse = reverse_name(name);
  const std::string full = reverse ? *reverse + "." : name;  // the dot: no domain is added
  const auto answer = [](void* ticket, int status, int, unsigned char* packet, int size) {
    const std::unique_ptr<Ticket> taken(static_cast<Ticket*>(ticket));
    taken->state->answered(
        taken->index, status,
        {reinterpret_cast<const char*>(packet), static_cast<std::size_t>(packet ? size : 0)});
  };
  asked = Clock::now();
  pending = types.size();
  servers = &query->resolver_.name_servers();
  servers->hold();
  for (std::size_t i = 0; i < types.size(); ++i) {
    auto* ticket = new Ticket{query->state_, i};
    servers->ask_records(full, static_cast<int>(types[i]), answer, ticket);
  }
}

/// May run inside ask(), and when nobody wants to know any more.
void RecordQuery::State::answered(std::size_t index, int answer, std::string_view packet) {
  answer = servers->refined(answer);
  if (answer == ARES_SUCCESS) {
    auto records = parse_records(packet, types[index]);
    if (!records) {
      answer = ARES_EBADRESP;
    } else if (records->empty()) {
      answer = ARES_ENODATA;
    } else {
      found[index] = std::move(*records);
    }
  }
  const bool first = pending == types.size();
  if (answer != ARES_SUCCESS && (first || rank_of(answer) > rank_of(status))) status = answer;
  if (--pending == 0 && query) arm(query->resolver_.reactor(), Nanoseconds(0));
}

Result<std::vector<Record>> RecordQuery::State::outcome() {
  std::vector<Record> all;
  for (auto& each : found) std::move(each.begin(), each.end(), std::back_inserter(all));
  if (!all.empty()) return all;
  return failure(Code::kDns, "resolve", name,
                 fault.empty() ? cause(pending ? ARES_ETIMEOUT : status) : fault);
}

std::string RecordQuery::State::cause(int why) const {
  if (why != ARES_ENODATA) {
    return cause_of(why, std::chrono::round<std::chrono::milliseconds>(Clock::now() - asked));
  }
  std::string kinds;
  for (const RecordType type : types) {
    kinds += (kinds.empty() ? "" : " or ") + std::string(record_name(type));
  }
  return "no such record: the name has no " + kinds;
}

void RecordQuery::State::on_due() {
  RecordQuery* const told = query;
  auto answer = outcome();
  told->cancel();  // this may be gone
  told->on_records(std::move(answer));
}

void RecordQuery::start(std::string_view name, const std::vector<RecordType>& types,
                        Nanoseconds deadline) {
  cancel();
  state_ = std::make_shared<State>(*this, name);
  state_->begin(types);
  if (state_->pending > 0) state_->arm(resolver_.reactor(), deadline);
}

void RecordQuery::cancel() {
  const auto state = std::exchange(state_, nullptr);
  if (!state) return;
  state->query = nullptr;
  state->disarm();
  if (state->servers) state->servers->release();
}

}  // namespace moonwire
