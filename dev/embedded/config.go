package embedded

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
)

// A layout is where each of Temporal's four services listens.
type layout map[primitives.ServiceName]int

// newLayout gives the frontend the port asked for, and free ones to the rest.
func newLayout(frontend int) (layout, error) {
	services := []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService,
		primitives.MatchingService, primitives.WorkerService,
	}
	at := layout{}
	for _, service := range services {
		want := 0
		if service == primitives.FrontendService {
			want = frontend
		}
		port, err := choosePort(want)
		if err != nil {
			return nil, err
		}
		at[service] = port
	}
	return at, nil
}

// address is where clients reach the server.
func (l layout) address() string { return address(l[primitives.FrontendService]) }

// hosts names every service's one host, which spares the cluster the gossip
// (ringpop) it would otherwise find its members by.
func (l layout) hosts() map[primitives.ServiceName]static.Hosts {
	out := map[primitives.ServiceName]static.Hosts{}
	for service, port := range l {
		out[service] = static.SingleLocalHost(address(port))
	}
	return out
}

// serverConfig is what the server's configuration file would say.
func serverConfig(at layout, persistence config.Persistence) *config.Config {
	conf := &config.Config{
		Persistence: persistence,
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             at.address(),
			}},
		},
		Services:            map[string]config.Service{},
		PublicClient:        config.PublicClient{HostPort: at.address()},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
	}
	conf.Global.Membership.MaxJoinDuration = 30 * time.Second
	conf.Global.Membership.BroadcastAddress = loopback
	for service, port := range at {
		conf.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	const disabled = "disabled" // histories are not archived anywhere
	conf.Archival.History.State = disabled
	conf.Archival.Visibility.State = disabled
	conf.NamespaceDefaults.Archival.History.State = disabled
	conf.NamespaceDefaults.Archival.Visibility.State = disabled
	return conf
}

// choosePort returns the port asked for if nobody listens there, or any free
// one for 0. The server opens its listeners itself, so somebody else could
// still take the port in between.
func choosePort(want int) (int, error) {
	l, err := net.Listen("tcp", address(want))
	if err != nil {
		return 0, fmt.Errorf("port %d of %s is taken: choose another, or 0 for a free one", want, loopback)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if want != 0 {
		return port, nil
	}
	return port, holdBriefly(l)
}

// holdBriefly keeps the system from handing the listener's port out again as
// a free one: a connection that this side closes first leaves the port in
// TIME_WAIT for a minute, where listening on it by number still works.
func holdBriefly(l net.Listener) error {
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		return err
	}
	return server.Close()
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
