// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_ROUTE_GUIDE_SERVICE_H_
#define PYGRPC_TESTS_SERVER_ROUTE_GUIDE_SERVICE_H_

#include "route_guide.grpc.pb.h"

namespace pygrpc::testserver {

class RouteGuideService final : public routeguide::RouteGuide::Service {
 public:
  // Reads the compiled-in feature database; throws std::runtime_error if it is broken.
  RouteGuideService();

  grpc::Status GetFeature(grpc::ServerContext* context, const routeguide::Point* point,
                          routeguide::Feature* feature) override;

  grpc::Status ListFeatures(grpc::ServerContext* context, const routeguide::Rectangle* rectangle,
                            grpc::ServerWriter<routeguide::Feature>* writer) override;

  grpc::Status RecordRoute(grpc::ServerContext* context,
                           grpc::ServerReader<routeguide::Point>* reader,
                           routeguide::RouteSummary* summary) override;

  grpc::Status RouteChat(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<routeguide::RouteNote, routeguide::RouteNote>* stream) override;

 private:
  // The name of the feature at the point, empty if there is none.
  const std::string& NameAt(const routeguide::Point& point) const;

  routeguide::FeatureDatabase database_;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_ROUTE_GUIDE_SERVICE_H_
