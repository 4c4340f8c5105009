// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
)

// balancerOf takes over what is compared, without the parts.
func balancerOf(lb *loadbalancers.LoadBalancer) *Balancer {
	b := &Balancer{
		ID: lb.ID, Name: lb.Name, Status: lb.ProvisioningStatus, Provider: lb.Provider, Tags: slices.Clone(lb.Tags),
		Address: lb.VipAddress, PortID: lb.VipPortID, SubnetID: lb.VipSubnetID,
		UpdatedAt: lb.UpdatedAt,
	}
	for _, v := range lb.AdditionalVips {
		b.Additional = append(b.Additional, v.IPAddress)
	}
	return b
}

// withParts is for the answer to a creation, which has listeners and pools in full beside each other, with
// members but without monitors.
func withParts(lb *loadbalancers.LoadBalancer) *Balancer {
	b := balancerOf(lb)
	for i := range lb.Listeners {
		l := listenerOf(&lb.Listeners[i])
		for n := range lb.Pools {
			if lb.Pools[n].ID == lb.Listeners[i].DefaultPoolID {
				made := poolOf(&lb.Pools[n])
				l.Pool = &made
			}
		}
		b.Listeners = append(b.Listeners, l)
	}
	return b
}

func listenerOf(l *listeners.Listener) ListenerActual {
	cidrs := slices.Clone(l.AllowedCIDRs)
	slices.Sort(cidrs)
	headers := l.InsertHeaders
	if headers == nil {
		headers = map[string]string{}
	}
	return ListenerActual{ID: l.ID, Listener: Listener{
		Name: l.Name, Protocol: l.Protocol, Port: l.ProtocolPort, ConnectionLimit: l.ConnLimit,
		Timeouts: Timeouts{l.TimeoutClientData, l.TimeoutMemberConnect, l.TimeoutMemberData, l.TimeoutTCPInspect},
		Headers:  headers, TLS: l.DefaultTlsContainerRef, CIDRs: cidrs, Tags: slices.Clone(l.Tags),
	}}
}

func poolOf(p *pools.Pool) PoolActual {
	return PoolActual{ID: p.ID, Pool: Pool{Name: p.Name, Protocol: p.Protocol, Method: p.LBMethod, Persistence: p.Persistence.Type, Tags: slices.Clone(p.Tags)}}
}

func memberOf(m *pools.Member) MemberActual {
	return MemberActual{
		ID: m.ID, Member: Member{Name: m.Name, Address: m.Address, Port: m.ProtocolPort, MonitorPort: m.MonitorPort},
		Weight: m.Weight, Backup: m.Backup, Down: !m.AdminStateUp, Subnet: m.SubnetID,
	}
}

func monitorOf(m *monitors.Monitor) *MonitorActual {
	return &MonitorActual{ID: m.ID, Monitor: Monitor{Name: m.Name, Type: m.Type, Delay: m.Delay, Timeout: m.Timeout, Retries: m.MaxRetries, Failures: m.MaxRetriesDown}}
}

// member is a member as Octavia writes and reads it. gophercloud makes several copies of each in between.
type member struct {
	ID           string `json:"id,omitempty"`
	Name         string `json:"name"`
	Address      string `json:"address"`
	ProtocolPort int    `json:"protocol_port"`
	Weight       *int   `json:"weight,omitempty"`
	Backup       *bool  `json:"backup,omitempty"`
	AdminStateUp *bool  `json:"admin_state_up,omitempty"`
	SubnetID     string `json:"subnet_id,omitempty"`
	MonitorPort  *int   `json:"monitor_port,omitempty"`
}

func (m *member) actual() MemberActual {
	return MemberActual{
		ID: m.ID, Member: Member{Name: m.Name, Address: m.Address, Port: m.ProtocolPort, MonitorPort: value(m.MonitorPort)},
		Weight: value(m.Weight), Backup: value(m.Backup), Down: m.AdminStateUp != nil && !*m.AdminStateUp, Subnet: m.SubnetID,
	}
}

// tree is what the answer to the creation of a load balancer says of members, which pools themselves leave
// out.
type tree struct {
	Pools []struct {
		ID      string   `json:"id"`
		Members []member `json:"members"`
	} `json:"pools"`
}

// addMembers takes the members over into the load balancer that was made of the same answer.
func (t tree) addMembers(b *Balancer) {
	for _, p := range t.Pools {
		b.editPool(p.ID, func(have *PoolActual) {
			for n := range p.Members {
				have.Members = append(have.Members, p.Members[n].actual())
			}
		})
	}
}
