package baseline

import "go.yaml.in/yaml/v3"

// appUsers says who may use an app, as written.
type appUsers struct {
	app   string
	users []ref
}

func (p *parser) appAccess(n *yaml.Node, path string) any {
	list := []appUsers{}
	if !p.each(n, path, func(app string, _, n *yaml.Node, path string) {
		app, _ = cutPrefixFold(app, "app:")
		list = append(list, appUsers{app, p.principals(n, path, bareNothing)})
	}) {
		return nil
	}
	return list
}

// rolesOf says which roles fit somebody's job, as written.
type rolesOf struct {
	who   ref
	roles []string
}

func (p *parser) responsibilities(n *yaml.Node, path string) any {
	list := []rolesOf{}
	if !p.each(n, path, func(who string, kn, vn *yaml.Node, path string) {
		roles := p.texts(vn, path)
		if r, ok := p.ref(item{who, p.at(kn, path)}, bareNothing); ok {
			list = append(list, rolesOf{r, textsOf(roles)})
		}
	}) {
		return nil
	}
	return list
}

// taskRole says which role a task needs.
type taskRole struct{ task, role string }

func (p *parser) taskRoles(n *yaml.Node, path string) any {
	list := []taskRole{}
	if !p.each(n, path, func(task string, _, n *yaml.Node, path string) {
		if role, ok := p.scalar(n, path); ok {
			list = append(list, taskRole{task, role})
		}
	}) {
		return nil
	}
	return list
}

// TaskRoles returns the role that each task needs, by task in lower case.
func (v *View) TaskRoles() map[string]string {
	list, _ := v.in["task_role_map"].val.([]taskRole)
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[lower(t.task)] = t.role
	}
	return out
}

func textsOf[L ~[]item](items L) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.text
	}
	return out
}
