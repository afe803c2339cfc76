// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A control plane for the test of xDS: serves one listener, route, cluster and its endpoints to any
// client, through aggregated discovery. Each line of the standard input is the list of endpoints
// from then on, "127.0.0.1:50051 127.0.0.1:50052"; each is answered with a line "version N". The
// first line of the output is the port. Ends with its input.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	serviceName = "service.test" // of the target xds:///service.test
	routeName   = "route.test"
	clusterName = "cluster.test"
)

// Every client gets the same answer, whatever it calls itself.
type anyNode struct{}

func (anyNode) ID(*core.Node) string { return "any" }

func packed(message proto.Message) *anypb.Any {
	value, err := anypb.New(message)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func aggregated() *core.ConfigSource {
	return &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}
}

func makeListener() *listener.Listener {
	return &listener.Listener{
		Name: serviceName,
		ApiListener: &listener.ApiListener{ApiListener: packed(&manager.HttpConnectionManager{
			RouteSpecifier: &manager.HttpConnectionManager_Rds{
				Rds: &manager.Rds{ConfigSource: aggregated(), RouteConfigName: routeName},
			},
			HttpFilters: []*manager.HttpFilter{{
				Name:       "router",
				ConfigType: &manager.HttpFilter_TypedConfig{TypedConfig: packed(&router.Router{})},
			}},
		})},
	}
}

func makeRoute() *route.RouteConfiguration {
	return &route.RouteConfiguration{
		Name: routeName,
		VirtualHosts: []*route.VirtualHost{{
			Name:    "all",
			Domains: []string{"*"},
			Routes: []*route.Route{{
				Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: ""}},
				Action: &route.Route_Route{Route: &route.RouteAction{
					ClusterSpecifier: &route.RouteAction_Cluster{Cluster: clusterName},
				}},
			}},
		}},
	}
}

func makeCluster() *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 clusterName,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: aggregated()},
		LbPolicy:             cluster.Cluster_ROUND_ROBIN,
	}
}

func makeEndpoints(addresses []string) (*endpoint.ClusterLoadAssignment, error) {
	locality := &endpoint.LocalityLbEndpoints{
		Locality:            &core.Locality{Zone: "test"},
		LoadBalancingWeight: wrapperspb.UInt32(1),
	}
	for _, text := range addresses {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return nil, err
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, err
		}
		address := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
			Address:       host,
			PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(number)},
		}}}
		locality.LbEndpoints = append(locality.LbEndpoints, &endpoint.LbEndpoint{
			HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address}},
		})
	}
	return &endpoint.ClusterLoadAssignment{
		ClusterName: clusterName,
		Endpoints:   []*endpoint.LocalityLbEndpoints{locality},
	}, nil
}

func main() {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	snapshots := cache.NewSnapshotCache(true, anyNode{}, nil)
	control := grpc.NewServer()
	plane := server.NewServer(context.Background(), snapshots, nil)
	discovery.RegisterAggregatedDiscoveryServiceServer(control, plane)
	go func() {
		if err := control.Serve(socket); err != nil {
			log.Fatal(err)
		}
	}()
	fmt.Println(socket.Addr().(*net.TCPAddr).Port)

	version := 0
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		endpoints, err := makeEndpoints(strings.Fields(lines.Text()))
		if err != nil {
			log.Fatal(err)
		}
		version++
		snapshot, err := cache.NewSnapshot(strconv.Itoa(version), map[resource.Type][]types.Resource{
			resource.ListenerType: {makeListener()},
			resource.RouteType:    {makeRoute()},
			resource.ClusterType:  {makeCluster()},
			resource.EndpointType: {endpoints},
		})
		if err != nil {
			log.Fatal(err)
		}
		if err := snapshots.SetSnapshot(context.Background(), "any", snapshot); err != nil {
			log.Fatal(err)
		}
		fmt.Println("version", version)
	}
}
