// One question for records of the name system, without blocking. The name servers are
// the Resolver's. One thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "net/records.hpp"
#include "net/resolver.hpp"

namespace moonwire {

/// Derive from it. Destroying it, or cancel(), forgets the question at any moment. Must not
/// outlive the Resolver. Does not move.
class RecordQuery {
 public:
  explicit RecordQuery(Resolver& resolver) : resolver_(resolver) {}
  RecordQuery(const RecordQuery&) = delete;
  RecordQuery& operator=(const RecordQuery&) = delete;

  /// Asks for all these types of records at once; an answer to any of them is one. The address of a
  /// number, of "localhost" and of what the hosts file has is known without asking; a
  /// number that PTR is asked for stands for its reverse name. Asked again: anew.
  void start(std::string_view name, const std::vector<RecordType>& types, Nanoseconds deadline);
  void cancel();
  bool active() const { return state_ != nullptr; }

 protected:
  ~RecordQuery() { cancel(); }

  /// Once, from the loop, never from inside start(). At least one record, in the order of
  /// the types. Fails with kDns; operation "resolve", the name as detail. Inactive already,
  /// so it may be destroyed or started again.
  virtual void on_records(Result<std::vector<Record>>&& answer) = 0;

 private:
  struct State;
  Resolver& resolver_;
  std::shared_ptr<State> state_;
};

}  // namespace moonwire
