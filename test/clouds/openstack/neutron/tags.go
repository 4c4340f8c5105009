// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"encoding/json"
	"net/http"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func (k *kind[T]) tags(r *rest.Request) (*rest.Response, error) {
	v, err := k.find(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "tags", k.common(v).Tags), nil
}

func (k *kind[T]) tag(r *rest.Request) (*rest.Response, error) {
	v, err := k.find(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	if !slices.Contains(k.common(v).Tags, r.Vars["tag"]) {
		return nil, noTag(r.Vars["tag"])
	}
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func noTag(tag string) error {
	return rest.Errorf(http.StatusNotFound, "TagNotFound", "Tag %s could not be found.", tag)
}

func (k *kind[T]) removeTags(r *rest.Request) (*rest.Response, error) {
	v, err := k.own(r)
	if err != nil {
		return nil, err
	}
	k.changeTags(v, []string{})
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func (k *kind[T]) setTags(r *rest.Request) (*rest.Response, error) {
	v, err := k.own(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(r.Content, &in); err != nil {
		return nil, rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input for tags: %v", err)
	}
	k.changeTags(v, append([]string{}, in.Tags...))
	return rest.OK(http.StatusOK, "tags", k.common(v).Tags), nil
}

func (k *kind[T]) addTag(r *rest.Request) (*rest.Response, error) {
	v, err := k.own(r)
	if err != nil {
		return nil, err
	}
	if tags := k.common(v).Tags; !slices.Contains(tags, r.Vars["tag"]) {
		k.changeTags(v, append(slices.Clone(tags), r.Vars["tag"]))
	}
	return &rest.Response{Status: http.StatusCreated}, nil
}

func (k *kind[T]) removeTag(r *rest.Request) (*rest.Response, error) {
	v, err := k.own(r)
	if err != nil {
		return nil, err
	}
	i := slices.Index(k.common(v).Tags, r.Vars["tag"])
	if i < 0 {
		return nil, noTag(r.Vars["tag"])
	}
	k.changeTags(v, slices.Delete(slices.Clone(k.common(v).Tags), i, i+1))
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func (k *kind[T]) changeTags(v *T, tags []string) {
	k.common(v).Tags = tags
	k.touch(v)
}
