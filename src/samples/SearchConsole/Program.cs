using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

using var engine = RetrievalEngine.Open("runs/first", CpuDevice.Shared);
using (var index = LocalAudioIndex.EnsureCollectionExists("sounds.nrx", engine.IndexSettings()))
    await new AudioIndexer(engine, index).RunAsync(["sounds"]);

using var sounds = LocalAudioIndex.Open("sounds.nrx", IndexAccess.Read, engine.Fingerprint);
foreach (var hit in await engine.SearchAsync(sounds, string.Join(' ', args)))
    Console.WriteLine($"{hit.Score:F3} {hit.Path} {hit.StartSeconds:F1}-{hit.EndSeconds:F1} s");
