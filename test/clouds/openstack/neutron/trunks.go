// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"net/http"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func (s *Service) trunkKind() *kind[Trunk] {
	k := newKind(s, "trunk", "trunks", "Trunk", func(v *Trunk) *Common { return &v.Common })
	k.creatable, k.updatable = []string{"port_id", "sub_ports", "admin_state_up"}, []string{"admin_state_up"}
	k.create = func(r *rest.Request, v *Trunk, fields body) error {
		if _, ok := fields["admin_state_up"]; !ok {
			v.AdminStateUp = true
		}
		v.Status = "ACTIVE"
		if v.SubPorts == nil {
			v.SubPorts = []SubPort{}
		}
		if _, err := s.ports.find(r, v.PortID); err != nil {
			return err
		}
		return s.checkSubPorts(r, v.SubPorts)
	}
	return k
}

func (s *Service) checkSubPorts(r *rest.Request, all []SubPort) error {
	for _, sub := range all {
		p, err := s.ports.find(r, sub.PortID)
		if err != nil {
			return err
		}
		for _, t := range s.trunks.items.All() {
			if slices.ContainsFunc(t.SubPorts, func(other SubPort) bool { return other.PortID == p.ID }) {
				return rest.Errorf(http.StatusConflict, "TrunkPortInUse", "Port %s is in use by another trunk.", p.ID)
			}
		}
		p.Status, p.DeviceOwner = "ACTIVE", "trunk:subport"
	}
	return nil
}

func (s *Service) subPorts(r *rest.Request) (*rest.Response, error) {
	v, err := s.trunks.find(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "sub_ports", v.SubPorts), nil
}

func (s *Service) addSubPorts(r *rest.Request) (*rest.Response, error) {
	return s.changeSubPorts(r, func(v *Trunk, given []SubPort) error {
		if err := s.checkSubPorts(r, given); err != nil {
			return err
		}
		v.SubPorts = append(slices.Clone(v.SubPorts), given...)
		return nil
	})
}

func (s *Service) removeSubPorts(r *rest.Request) (*rest.Response, error) {
	return s.changeSubPorts(r, func(v *Trunk, given []SubPort) error {
		v.SubPorts = slices.DeleteFunc(slices.Clone(v.SubPorts), func(have SubPort) bool {
			return slices.ContainsFunc(given, func(g SubPort) bool { return g.PortID == have.PortID })
		})
		return nil
	})
}

func (s *Service) changeSubPorts(r *rest.Request, change func(*Trunk, []SubPort) error) (*rest.Response, error) {
	v, err := s.trunks.own(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		SubPorts []SubPort `json:"sub_ports"`
	}
	if _, err := rest.DecodeObject(r.Content, &in); err != nil {
		return nil, err
	}
	if err := change(v, in.SubPorts); err != nil {
		return nil, err
	}
	s.trunks.touch(v)
	return &rest.Response{Status: http.StatusOK, Body: v}, nil
}
