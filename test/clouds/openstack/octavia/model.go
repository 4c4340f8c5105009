// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package octavia is the load balancing service of the simulated OpenStack, version 2: the life of load
// balancers and what is below them, with its locks, but no traffic.
package octavia

// Ref names an object.
type Ref struct {
	ID string `json:"id"`
}

// Common is what all objects have.
type Common struct {
	ID                 string   `json:"id"`
	Name               string   `json:"name"`
	ProjectID          string   `json:"project_id"`
	TenantID           string   `json:"tenant_id"`
	AdminStateUp       bool     `json:"admin_state_up"`
	ProvisioningStatus string   `json:"provisioning_status"`
	OperatingStatus    string   `json:"operating_status"`
	Tags               []string `json:"tags"`
	CreatedAt          string   `json:"created_at"`
	UpdatedAt          *string  `json:"updated_at"`
}

func (c *Common) base() *Common { return c }

// AdditionalVIP is an address besides the first.
type AdditionalVIP struct {
	SubnetID  string `json:"subnet_id"`
	IPAddress string `json:"ip_address,omitempty"`
	PortID    string `json:"port_id,omitempty"`
}

// LoadBalancer is a load balancer.
type LoadBalancer struct {
	Common
	Description      string          `json:"description"`
	VIPAddress       string          `json:"vip_address"`
	VIPPortID        string          `json:"vip_port_id"`
	VIPSubnetID      string          `json:"vip_subnet_id"`
	VIPNetworkID     string          `json:"vip_network_id"`
	VIPQoSPolicyID   *string         `json:"vip_qos_policy_id"`
	AdditionalVIPs   []AdditionalVIP `json:"additional_vips"`
	Provider         string          `json:"provider"`
	FlavorID         *string         `json:"flavor_id"`
	AvailabilityZone *string         `json:"availability_zone"`
	Listeners        []Ref           `json:"listeners"`
	Pools            []Ref           `json:"pools"`
}

// Listener is a port of a load balancer.
type Listener struct {
	Common
	Description            string            `json:"description"`
	Protocol               string            `json:"protocol"`
	ProtocolPort           int               `json:"protocol_port"`
	ConnectionLimit        int               `json:"connection_limit"`
	DefaultPoolID          *string           `json:"default_pool_id"`
	DefaultTLSContainerRef *string           `json:"default_tls_container_ref"`
	SNIContainerRefs       []string          `json:"sni_container_refs"`
	InsertHeaders          map[string]string `json:"insert_headers"`
	TimeoutClientData      int               `json:"timeout_client_data"`
	TimeoutMemberConnect   int               `json:"timeout_member_connect"`
	TimeoutMemberData      int               `json:"timeout_member_data"`
	TimeoutTCPInspect      int               `json:"timeout_tcp_inspect"`
	AllowedCIDRs           []string          `json:"allowed_cidrs"`
	TLSCiphers             *string           `json:"tls_ciphers"`
	TLSVersions            []string          `json:"tls_versions"`
	ALPNProtocols          []string          `json:"alpn_protocols"`
	ClientAuthentication   string            `json:"client_authentication"`
	ClientCATLSRef         *string           `json:"client_ca_tls_container_ref"`
	ClientCRLRef           *string           `json:"client_crl_container_ref"`
	L7Policies             []Ref             `json:"l7policies"`
	LoadBalancers          []Ref             `json:"loadbalancers"`
}

// SessionPersistence keeps a client at one member.
type SessionPersistence struct {
	Type       string  `json:"type"`
	CookieName *string `json:"cookie_name"`
	// Timeout and Granularity are for UDP.
	Timeout     *int    `json:"persistence_timeout"`
	Granularity *string `json:"persistence_granularity"`
}

// Pool is a set of members.
type Pool struct {
	Common
	Description        string              `json:"description"`
	Protocol           string              `json:"protocol"`
	LBAlgorithm        string              `json:"lb_algorithm"`
	SessionPersistence *SessionPersistence `json:"session_persistence"`
	HealthMonitorID    *string             `json:"healthmonitor_id,omitempty"`
	TLSEnabled         bool                `json:"tls_enabled"`
	TLSContainerRef    *string             `json:"tls_container_ref"`
	CATLSContainerRef  *string             `json:"ca_tls_container_ref"`
	CRLContainerRef    *string             `json:"crl_container_ref"`
	TLSCiphers         *string             `json:"tls_ciphers"`
	TLSVersions        []string            `json:"tls_versions"`
	ALPNProtocols      []string            `json:"alpn_protocols"`
	LoadBalancers      []Ref               `json:"loadbalancers"`
	Listeners          []Ref               `json:"listeners"`
	Members            []Ref               `json:"members"`
}

// Member is where traffic goes.
type Member struct {
	Common
	Address        string  `json:"address"`
	ProtocolPort   int     `json:"protocol_port"`
	Weight         int     `json:"weight"`
	Backup         bool    `json:"backup"`
	SubnetID       *string `json:"subnet_id"`
	MonitorAddress *string `json:"monitor_address"`
	MonitorPort    *int    `json:"monitor_port"`
	// PoolID is where it is; members do not show it.
	PoolID string `json:"-"`
	// given are the fields of the request that a new member comes from.
	given body
}

// Monitor checks members.
type Monitor struct {
	Common
	Type           string   `json:"type"`
	Delay          int      `json:"delay"`
	Timeout        int      `json:"timeout"`
	MaxRetries     int      `json:"max_retries"`
	MaxRetriesDown int      `json:"max_retries_down"`
	HTTPMethod     *string  `json:"http_method"`
	URLPath        *string  `json:"url_path"`
	ExpectedCodes  *string  `json:"expected_codes"`
	HTTPVersion    *float64 `json:"http_version"`
	DomainName     *string  `json:"domain_name"`
	Pools          []Ref    `json:"pools"`
}

// Provisioning states.
const (
	Active        = "ACTIVE"
	Failed        = "ERROR"
	PendingCreate = "PENDING_CREATE"
	PendingUpdate = "PENDING_UPDATE"
	PendingDelete = "PENDING_DELETE"
)

// Quotas are how many of each kind a project may have; below 0 is no limit.
type Quotas struct {
	LoadBalancer  int `json:"load_balancer"`
	Listener      int `json:"listener"`
	Pool          int `json:"pool"`
	Member        int `json:"member"`
	HealthMonitor int `json:"health_monitor"`
	L7Policy      int `json:"l7policy"`
	L7Rule        int `json:"l7rule"`
}

// Unlimited are Octavia's default quotas.
func Unlimited() Quotas { return Quotas{-1, -1, -1, -1, -1, -1, -1} }
