using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using NativeRetrieval.Server.Contract;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>The words of the service's description (OpenAPI) on an endpoint.</summary>
/// <param name="Summary">Purpose in a few words.</param>
internal sealed record Description(string Summary)
{
    const string Json = "application/json", ProblemJson = "application/problem+json";

    static readonly int[] _refusals = [StatusCodes.Status401Unauthorized, StatusCodes.Status404NotFound,
        StatusCodes.Status413PayloadTooLarge, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status429TooManyRequests];

    /// <summary>The JSON document that a request has; null: none.</summary>
    public Type? Takes { get; init; }

    /// <summary>Media type of a request that is no JSON; null: it is JSON or has no body.</summary>
    public string? TakesBytes { get; init; }

    /// <summary>The JSON document of the answer; null: the answer is a file.</summary>
    public Type? Gives { get; init; }

    /// <summary>Media type of an answer that is a file.</summary>
    public string GivesBytes { get; init; } = "application/octet-stream";

    /// <summary>Parameters of the query string.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];

    public void AddTo(IEndpointConventionBuilder endpoint, RequestDelegate handler)
    {
        endpoint.WithMetadata(handler.Method).WithSummary(Summary);
        endpoint.WithMetadata(Gives is not null ? new ProducesResponseTypeMetadata(StatusCodes.Status200OK, Gives, [Json])
            : new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(Stream), [GivesBytes]));
        foreach (int status in _refusals)
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [ProblemJson]));
        endpoint.WithMetadata(this);
    }

    /// <summary>Adds to an operation what handlers read by themselves: parameters and the body.</summary>
    /// <remarks>Metadata that says what a body is would also choose among endpoints by it, and answer any other with 404.</remarks>
    public static async Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context,
        CancellationToken cancellation)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Description>().FirstOrDefault() is not { } description) return;
        operation.Parameters ??= [];
        bool hasId = context.Description.RelativePath?.Contains("{id}", StringComparison.Ordinal) == true;
        if (hasId && operation.Parameters.All(parameter => parameter.Name != "id"))
            operation.Parameters.Add(Parameter("id", ParameterLocation.Path));
        foreach (string name in description.Query) operation.Parameters.Add(Parameter(name, ParameterLocation.Query));
        if (description.Takes is not null || description.TakesBytes is not null)
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [description.TakesBytes ?? Json] = new()
                    {
                        Schema = await context.GetOrCreateSchemaAsync(description.Takes ?? typeof(Stream), null, cancellation)
                            .ConfigureAwait(false),
                    },
                },
            };
    }

    /// <summary>Says of a list that may be written as its only value that it is either.</summary>
    public static Task CompleteAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        if (context.JsonPropertyInfo?.CustomConverter is IOneOrMore list)
            schema.AnyOf = [new OpenApiSchema { Type = list.ValueType }, ListOf(list.ValueType)];
        return Task.CompletedTask;
    }

    static OpenApiParameter Parameter(string name, ParameterLocation place) => new()
    {
        Name = name,
        In = place,
        Required = place == ParameterLocation.Path,
        Schema = place == ParameterLocation.Query && Questions.Repeated.Contains(name) ? ListOf(TypeOf(name))
            : new OpenApiSchema { Type = TypeOf(name) },
    };

    static JsonSchemaType TypeOf(string parameter) => parameter switch
    {
        "top" or "skip" or "sample_rate_hz" or "channels" or "points" or "width" => JsonSchemaType.Integer,
        "start_seconds" or "end_seconds" or "min_seconds" or "max_seconds" or "word_weight" or "min_score" => JsonSchemaType.Number,
        "query_bank" => JsonSchemaType.Boolean,
        _ => JsonSchemaType.String,
    };

    static OpenApiSchema ListOf(JsonSchemaType type) =>
        new() { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = type } };
}

/// <summary>Endpoints with their descriptions.</summary>
internal static class DescribedRoutes
{
    public static void Get(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler, Description description) =>
        description.AddTo(routes.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler), handler);

    public static void Delete(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler, Description description) =>
        description.AddTo(routes.MapDelete(pattern, handler), handler);

    public static void Post(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler, Description description) =>
        description.AddTo(routes.MapPost(pattern, handler), handler);
}
