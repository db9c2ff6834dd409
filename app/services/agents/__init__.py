"""Agents: a model that calls tools until it has an answer, and always stops.

`agent.Agents` is the use case. `work` owns a run and goes round; `asking` asks the model, `calling`
carries out what it called (`carrying` one call, `isolation` in a thread), `limits` and `room` say
when it is enough, `journal` keeps the log. `parking` is a run that waits for a person,
`approvals` what becomes of it.
"""
