// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// Site is where the cluster is, and which it is.
type Site struct {
	Region string
	VPC    string
	// SubnetID is the last resort for load balancers.
	SubnetID string
	Cluster  cluster.Identity
	// SelfID and SelfName are the instance on which the manager runs, and its private DNS name. Both are
	// empty when it runs outside of the cluster's VPC.
	SelfID, SelfName string
}

// locate finds the site: from the configuration alone if that says that the manager runs elsewhere, else
// with one call to the metadata service and one to EC2.
func (c *Cloud) locate(ctx context.Context) (Site, *client.Clients, error) {
	if c.config.Outside() {
		return c.outside(ctx)
	}
	if client.MetadataDisabled() {
		return Site{}, nil, configErrorf("AWS_EC2_METADATA_DISABLED is set, so that the manager cannot know on which instance it runs; unset it, or say in --cloud-config where the cluster is: Region, VPC, one of SubnetID and RoleARN, and KubernetesClusterID")
	}
	machine, err := c.connection.Machine(ctx)
	if err != nil {
		return Site{}, nil, fmt.Errorf("%w; the manager needs it unless --cloud-config says where the cluster is (Region, VPC, one of SubnetID and RoleARN, KubernetesClusterID); in a pod without host network the instance's hop limit must be 2", err)
	}
	klog.FromContext(ctx).Info("Running on an instance", "instance", machine.InstanceID, "region", machine.Region, "zone", machine.Zone,
		"type", machine.Type, "architecture", machine.Architecture, "address", machine.PrivateIP, "account", machine.AccountID, "image", machine.ImageID)
	region := c.config.Region
	if region == "" {
		region = machine.Region
	}
	clients := c.clients(ctx, region)
	self, err := readSelf(ctx, clients.EC2, machine.InstanceID)
	switch {
	case err != nil:
		return Site{}, nil, client.AtStart(err)
	case self == nil && region != machine.Region:
		return Site{}, nil, configErrorf("the manager runs on %s in region %s, which region %s of --cloud-config does not have; remove Region and Zone there, or say where the cluster is: VPC, one of SubnetID and RoleARN, and KubernetesClusterID", machine.InstanceID, machine.Region, region)
	case self == nil:
		return Site{}, nil, fmt.Errorf("EC2 does not know %s, the instance on which the manager runs; are the credentials those of account %s?", machine.InstanceID, machine.AccountID)
	}
	site, err := siteOf(region, c.config, self)
	return site, clients, err
}

// outside is the site of a manager that runs elsewhere. The call proves the credentials.
func (c *Cloud) outside(ctx context.Context) (Site, *client.Clients, error) {
	region, err := c.regionOutside(ctx)
	if err != nil {
		return Site{}, nil, err
	}
	site := Site{Region: region, VPC: c.config.VPC, SubnetID: c.config.SubnetID, Cluster: configured(c.config)}
	clients := c.clients(ctx, region)
	if _, err := clients.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{site.VPC}}}, MaxResults: aws.Int32(minPage),
	}); err != nil {
		return Site{}, nil, client.AtStart(fmt.Errorf("read instances of %s: %w", site.VPC, err))
	}
	return site, clients, nil
}

// minPage is the smallest page that EC2 gives.
const minPage = 5

// regionOutside is the region where the configuration leaves it out.
func (c *Cloud) regionOutside(ctx context.Context) (string, error) {
	if c.config.Region != "" {
		return c.config.Region, nil
	}
	fallback := c.connection.DefaultRegion()
	if client.MetadataDisabled() {
		if fallback == "" {
			return "", configErrorf("no region: set Region in --cloud-config, or AWS_REGION")
		}
		return fallback, nil
	}
	machine, err := c.connection.Machine(ctx)
	switch {
	case err == nil:
		return machine.Region, nil
	case fallback != "":
		return fallback, nil
	}
	return "", fmt.Errorf("no region in --cloud-config and none in AWS_REGION: %w", err)
}

// clients makes the clients of a region and says which overrides it leaves unused.
func (c *Cloud) clients(ctx context.Context, region string) *client.Clients {
	for _, o := range c.config.UnusedOverrides(region) {
		klog.FromContext(ctx).Info("A ServiceOverride of the cloud-config has no effect", "label", o.Label, "service", o.Service, "forRegion", o.Region, "region", region)
	}
	return c.connection.Clients(region)
}

// readSelf reads the instance on which the manager runs; nil if EC2 does not know it.
func readSelf(ctx context.Context, api *ec2.Client, id string) (*ec2types.Instance, error) {
	out, err := api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("instance-id"), Values: []string{id}}},
	})
	if err != nil {
		return nil, fmt.Errorf("read %s, the instance on which the manager runs: %w", id, err)
	}
	for _, r := range out.Reservations {
		for n := range r.Instances {
			if aws.ToString(r.Instances[n].InstanceId) == id {
				return &r.Instances[n], nil
			}
		}
	}
	return nil, nil
}

// siteOf decides what the own instance says about the cluster.
func siteOf(region string, cfg *config.Config, self *ec2types.Instance) (Site, error) {
	identity := configured(cfg)
	if identity.ID == "" {
		tags := map[string]string{}
		for _, t := range self.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		var err error
		if identity, err = cluster.FromTags(tags); err != nil {
			return Site{}, &provider.ConfigError{Err: err}
		}
	}
	if identity.ID == "" {
		return Site{}, configErrorf("no cluster ID: tag the instance %s, on which the manager runs, with %s<cluster ID>, or set KubernetesClusterID in --cloud-config; --allow-untagged-cloud does not help, since AWS resources are told apart by this tag", aws.ToString(self.InstanceId), cluster.TagPrefix)
	}
	return Site{
		Region: region, VPC: aws.ToString(self.VpcId), SubnetID: aws.ToString(self.SubnetId), Cluster: identity,
		SelfID: aws.ToString(self.InstanceId), SelfName: aws.ToString(self.PrivateDnsName),
	}, nil
}

// configured is the identity in the configuration; its ID may be empty.
func configured(cfg *config.Config) cluster.Identity {
	return cluster.Identity{ID: cfg.ClusterID, Legacy: cfg.LegacyClusterTag}
}

func configErrorf(format string, args ...any) error {
	return &provider.ConfigError{Err: fmt.Errorf(format, args...)}
}
