using EmbeddingHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NativeRetrieval.Hosting;

// EmbeddingHost --NativeRetrieval:Model FOLDER --Sound FILE --Sentence TEXT
var host = Host.CreateApplicationBuilder(args);
host.Logging.ClearProviders();
// <add>
host.Services.AddNativeRetrieval(host.Configuration.GetSection("NativeRetrieval"));
host.Services.AddHealthChecks().AddNativeRetrieval();
// </add>
using var running = host.Build();
await running.StartAsync();
string sound = host.Configuration["Sound"]!, sentence = host.Configuration["Sentence"]!;

// <generate>
var texts = running.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
var sounds = running.Services.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
var words = await texts.GenerateVectorAsync(sentence);
var heard = await sounds.GenerateVectorAsync(await DataContent.LoadFromAsync(sound));
float cosine = words.ToArray().Zip(heard.ToArray(), (a, b) => a * b).Sum();      // both have length 1
// </generate>
Console.WriteLine(FormattableString.Invariant($"{cosine:F6} {sentence}"));
await Middleware.RunAsync(running.Services, sentence);
await running.StopAsync();
