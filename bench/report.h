// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BENCH_REPORT_H_
#define PYGRPC_BENCH_REPORT_H_

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace pygrpc::bench {

// Prints results as they come: `name<TAB>value<TAB>unit` lines for programs, or aligned columns for
// people.
class Report {
 public:
  // Takes --tsv out of the arguments.
  Report(int* argc, char** argv) {
    for (int i = 1; i < *argc; ++i) {
      if (std::strcmp(argv[i], "--tsv") != 0) continue;
      tsv_ = true;
      std::copy(argv + i + 1, argv + *argc, argv + i);
      --*argc;
      --i;
    }
  }

  // A line above the results that follow; only people want it.
  void Heading(const std::string& text) const {
    if (!tsv_) std::printf("\n%s\n", text.c_str());
  }

  void Add(const std::string& name, double value, const std::string& unit) const {
    if (tsv_) {
      std::printf("%s\t%.6g\t%s\n", name.c_str(), value, unit.c_str());
    } else {
      std::printf("  %-40s %12.*f %s\n", name.c_str(),
                  value < 10     ? 3
                  : value < 1000 ? 1
                                 : 0,
                  value, unit.c_str());
    }
    std::fflush(stdout);
  }

 private:
  bool tsv_ = false;
};

// The middle value; of an even number of them, the mean of the middle two.
inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace pygrpc::bench

#endif  // PYGRPC_BENCH_REPORT_H_
