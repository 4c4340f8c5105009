// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manager says what the AWS cloud controller manager consists of.
package manager

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers"
	"sigs.k8s.io/cloud-providers/common/controllers/nodeipam"
	"sigs.k8s.io/cloud-providers/providers/aws"
	"sigs.k8s.io/cloud-providers/providers/aws/tagging"
)

// Program is aws-cloud-controller-manager. As upstream, it runs the route controller unless
// --configure-cloud-routes=false says otherwise, and the tagging controller only if --controllers names it.
func Program() app.Program {
	return app.Program{
		Name:         "aws-cloud-controller-manager",
		Description:  "The AWS cloud controller manager runs the controllers that connect a cluster with AWS: it initialises Nodes, deletes those whose instance is gone, keeps Classic and network load balancers and routes, and tags instances.",
		ProviderName: aws.ProviderName,
		NewCloud:     aws.New,
		// The SDK reads XML into large structs in bursts, a page of a thousand
		// instances at a time, and Go's 100 percent would double the heap for moments that come once in five minutes.
		Garbage:     50,
		Controllers: append(controllers.All(), nodeipam.Controller(false), tagging.Controller()),
	}
}
