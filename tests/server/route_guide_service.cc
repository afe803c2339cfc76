// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "route_guide_service.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pygrpc::testserver {

using routeguide::Feature;
using routeguide::Point;
using routeguide::Rectangle;
using routeguide::RouteNote;
using routeguide::RouteSummary;

extern const char kFeaturesJson[];

namespace {

bool SamePlace(const Point& a, const Point& b) {
  return a.latitude() == b.latitude() && a.longitude() == b.longitude();
}

bool Contains(const Rectangle& rectangle, const Point& point) {
  const auto [south, north] = std::minmax({rectangle.lo().latitude(), rectangle.hi().latitude()});
  const auto [west, east] = std::minmax({rectangle.lo().longitude(), rectangle.hi().longitude()});
  return point.latitude() >= south && point.latitude() <= north && point.longitude() >= west &&
         point.longitude() <= east;
}

// Great-circle distance by the haversine formula, on a sphere of the Earth's mean radius.
double MetresBetween(const Point& from, const Point& to) {
  constexpr double kEarthRadius = 6371000;
  constexpr double kRadiansPerUnit = 3.14159265358979323846 / 180 / 1e7;
  const double from_latitude = from.latitude() * kRadiansPerUnit;
  const double to_latitude = to.latitude() * kRadiansPerUnit;
  const double sin_latitude = std::sin((to_latitude - from_latitude) / 2);
  const double sin_longitude =
      std::sin((static_cast<double>(to.longitude()) - from.longitude()) * kRadiansPerUnit / 2);
  const double haversine = sin_latitude * sin_latitude + std::cos(from_latitude) *
                                                             std::cos(to_latitude) * sin_longitude *
                                                             sin_longitude;
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(haversine)));
}

}  // namespace

RouteGuideService::RouteGuideService() {
  const auto status = google::protobuf::util::JsonStringToMessage(kFeaturesJson, &database_);
  if (!status.ok()) throw std::runtime_error("features.json: " + status.ToString());
}

const std::string& RouteGuideService::NameAt(const Point& point) const {
  static const std::string* const kNone = new std::string;
  for (const Feature& feature : database_.feature()) {
    if (SamePlace(feature.location(), point)) return feature.name();
  }
  return *kNone;
}

grpc::Status RouteGuideService::GetFeature(grpc::ServerContext*, const Point* point,
                                           Feature* feature) {
  feature->set_name(NameAt(*point));
  *feature->mutable_location() = *point;
  return grpc::Status::OK;
}

grpc::Status RouteGuideService::ListFeatures(grpc::ServerContext*, const Rectangle* rectangle,
                                             grpc::ServerWriter<Feature>* writer) {
  for (const Feature& feature : database_.feature()) {
    if (feature.name().empty() || !Contains(*rectangle, feature.location())) continue;
    if (!writer->Write(feature)) break;
  }
  return grpc::Status::OK;
}

grpc::Status RouteGuideService::RecordRoute(grpc::ServerContext*, grpc::ServerReader<Point>* reader,
                                            RouteSummary* summary) {
  const auto start = std::chrono::steady_clock::now();
  Point previous, point;
  int points = 0, features = 0;
  double metres = 0;
  while (reader->Read(&point)) {
    if (!NameAt(point).empty()) ++features;
    if (points > 0) metres += MetresBetween(previous, point);
    ++points;
    previous = point;
  }
  const auto elapsed = std::chrono::steady_clock::now() - start;
  summary->set_point_count(points);
  summary->set_feature_count(features);
  summary->set_distance(static_cast<int32_t>(std::lround(metres)));
  summary->set_elapsed_time(
      static_cast<int32_t>(std::chrono::duration_cast<std::chrono::seconds>(elapsed).count()));
  return grpc::Status::OK;
}

grpc::Status RouteGuideService::RouteChat(grpc::ServerContext*,
                                          grpc::ServerReaderWriter<RouteNote, RouteNote>* stream) {
  std::map<std::pair<int32_t, int32_t>, std::vector<RouteNote>> notes;
  RouteNote note;
  while (stream->Read(&note)) {
    auto& here = notes[{note.location().latitude(), note.location().longitude()}];
    for (const RouteNote& earlier : here) {
      if (!stream->Write(earlier)) return grpc::Status::OK;
    }
    here.push_back(note);
  }
  return grpc::Status::OK;
}

}  // namespace pygrpc::testserver
