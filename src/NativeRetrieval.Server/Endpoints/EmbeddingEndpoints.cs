using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Queue;
using NativeRetrieval.Server.Uploads;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>Embeddings in OpenAI's shape, of texts and of sounds.</summary>
internal sealed class EmbeddingEndpoints(ServerOptions options, ServedLibrary library, Questions questions, WorkQueue queue,
    UploadDecoder uploads)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Post("/embeddings", EmbedAsync,
            new("Vectors of texts and sounds, in OpenAI's shape") { Takes = typeof(EmbeddingsRequest),
                Gives = typeof(EmbeddingsResponse) });
        routes.Get("/models", ModelsAsync, new("The model, in OpenAI's shape") { Gives = typeof(ModelsResponse) });
    }

    const double PaddingSeconds = 0.1;

    int Dimension => library.Engine.Model.Config.EmbeddingDimension;

    Task ModelsAsync(HttpContext context) => Body.WriteJsonAsync(context,
        new ModelsResponse([new ModelResponse(library.ModelName, Dimension)]), ContractJson.Default.ModelsResponse);

    async Task EmbedAsync(HttpContext context)
    {
        var request = await Body.ReadJsonAsync(context, ForeignJson.Default.EmbeddingsRequest, options.Limits.UploadBytes);
        if (request.Model is { } model && model != library.ModelName)
            throw Refusal.NotFound($"there is no model {model}; this service has {library.ModelName}");
        if (request.Dimensions is { } dimensions && dimensions != Dimension)
            throw Refusal.Unprocessable($"dimensions is {dimensions}; this model's vectors have {Dimension}");
        if (request.EncodingFormat is not ("float" or "base64"))
            throw Refusal.Unprocessable($"encoding_format is '{request.EncodingFormat}'; expected float or base64");
        var inputs = Inputs(request.Input);
        string[] texts = [.. inputs.OfType<string>().Select(questions.Require)];
        float[] vectors = texts.Length == 0 ? [] : await queue.DoAsync(new TextWork(texts, context.RequestAborted));
        var data = new List<EmbeddingResponse>();
        int text = 0;
        foreach (object input in inputs)
        {
            float[] vector = input is byte[] sound ? await SoundAsync(sound, context.RequestAborted)
                : vectors.AsSpan(Dimension * text++, Dimension).ToArray();
            data.Add(new EmbeddingResponse(data.Count, Encoded(vector, request.EncodingFormat)));
        }
        int tokens = texts.Length == 0 ? 0 : library.Engine.Model.Tokenize(texts).Lengths.Sum();
        await Body.WriteJsonAsync(context, new EmbeddingsResponse(data, library.ModelName, new UsageResponse(tokens, tokens)),
            ContractJson.Default.EmbeddingsResponse);
    }

    /// <summary>The inputs in their order: a string for a text, bytes for a sound.</summary>
    IReadOnlyList<object> Inputs(JsonElement input)
    {
        var elements = input.ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray()] : new[] { input };
        if (elements.Length == 0 || elements.Length > options.Limits.Inputs)
            throw Refusal.Unprocessable($"input has {elements.Length} elements; expected 1 to {options.Limits.Inputs}");
        return [.. elements.Select((element, i) => element.ValueKind switch
        {
            JsonValueKind.String => (object)element.GetString()!,
            JsonValueKind.Object => Sound(element, i),
            _ => throw Refusal.Unprocessable($"input {i} is neither a text nor a sound; tokens are not taken, only texts"),
        })];
    }

    static byte[] Sound(JsonElement part, int place)
    {
        if (part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("input_audio")
            && part.TryGetProperty("input_audio", out var audio) && audio.ValueKind == JsonValueKind.Object
            && audio.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.String
                && data.TryGetBytesFromBase64(out var bytes))
            return bytes;
        throw Refusal.Unprocessable($"input {place} is no sound; expected "
            + "{\"type\": \"input_audio\", \"input_audio\": {\"data\": \"BASE64\"}}");
    }

    /// <summary>The vector of a sound that is one window at most; the padding of codecs behind its end is no sound.</summary>
    async Task<float[]> SoundAsync(byte[] sound, CancellationToken cancellation)
    {
        var config = library.Engine.Model.Config;
        float[] samples = await uploads.DecodeAsync(() => Task.FromResult<ReadOnlyMemory<byte>>(sound), 0,
            config.MaxSeconds + 2 * PaddingSeconds, cancellation);
        if (samples.Length > config.LongestSamples + (int)(PaddingSeconds * config.LogMel.SampleRateHz))
            throw Refusal.Unprocessable(FormattableString.Invariant($"a sound is longer than the {config.MaxSeconds} s that this model ")
                + "hears at once; send it in pieces of that length, or index it");
        float[] heard = samples[..Math.Min(samples.Length, config.LongestSamples)];
        return await queue.DoAsync(new SoundWork(heard, config.MaxSeconds, cancellation));
    }

    static JsonElement Encoded(float[] vector, string format) => format == "base64"
        ? JsonSerializer.SerializeToElement(Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan())), ContractJson.Default.String)
        : JsonSerializer.SerializeToElement(vector, ContractJson.Default.SingleArray);
}
