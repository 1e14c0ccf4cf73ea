-- What wrk sends: `wrk -s requests.lua URL -- KIND BEARER FILE`, where each line of FILE is a student's id.

local ids, kind = {}, nil

local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/json, text/event-stream" }

function init(arguments)
    kind = arguments[1]
    headers["Authorization"] = "Bearer " .. arguments[2]
    for id in io.lines(arguments[3]) do ids[#ids + 1] = id end
    if kind == "2026-07-28" then
        headers["MCP-Protocol-Version"] = kind
        headers["Mcp-Method"] = "tools/call"
        headers["Mcp-Name"] = "get_student_context"
    end
end

local call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{%s"name":"get_student_context","arguments":{"student_id":"%s"}}}'
local meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},'

function request()
    local id = ids[math.random(#ids)]
    if kind == "json" then
        return wrk.format("GET", "/api/v1/students/" .. id .. "/context", headers)
    end
    return wrk.format("POST", "/mcp", headers, call:format(kind == "2026-07-28" and meta or "", id))
end
