-- How Argo CD judges a ServingEndpoint. Into the ConfigMap argocd-cm it goes as
-- resource.customizations.health.serving.fairlead.dev_ServingEndpoint (docs/how-to/install-with-gitops.md).
local function verdict(status, message)
  return { status = status, message = message or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return verdict("Progressing", "The endpoint is being deleted")
end

local status = obj.status or {}
if status.observedGeneration == nil or status.observedGeneration < obj.metadata.generation then
  return verdict("Progressing", "The operator has not looked at the newest spec yet")
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local function is(kind, value)
  return conditions[kind] ~= nil and conditions[kind].status == value
end

-- Nothing gets better without a change by somebody; an older config may still answer.
if is("Stalled", "True") then
  return verdict("Degraded", conditions["Stalled"].message)
end
if is("Reconciling", "True") then
  return verdict("Progressing", conditions["Reconciling"].message)
end
if obj.spec.suspended == true then
  return verdict("Suspended", "The endpoint is stopped, as its spec says")
end
-- An endpoint at zero is Ready: it wakes for the next request.
if is("Ready", "True") then
  return verdict("Healthy", conditions["Ready"].message)
end
if is("Ready", "False") then
  return verdict("Degraded", conditions["Ready"].message)
end
return verdict("Progressing", "The operator has not told the state yet")
