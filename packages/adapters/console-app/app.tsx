import { useEffect, useRef } from 'preact/hooks';
import { MonitorPage, MonitorsPage } from './pages/drift.js';
import { LedgerPage } from './pages/ledger.js';
import { LineagePage } from './pages/lineage.js';
import { ModelPage } from './pages/model.js';
import { ModelsPage } from './pages/models.js';
import { ReviewPage } from './pages/review.js';
import { ReviewsPage } from './pages/reviews.js';
import { RolloutPage } from './pages/rollout.js';
import { RolloutsPage } from './pages/rollouts.js';
import { VersionPage } from './pages/version.js';
import { Failure, Waiting } from './parts/states.js';
import { useResource } from './resource.js';
import { type Place, to, usePlace } from './router.js';
import { type Session, SessionContext } from './session.js';

/** The frame around every page: where one can go, who one is, and the page itself. */
export function App() {
  const place = usePlace();
  const { data: session, error } = useResource<Session>('session');
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // Who reads with a screen reader or the keyboard goes on at the new page, not at the link that led there.
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [place.page, place.id]);
  return (
    <SessionContext.Provider value={session}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header class="top">
        <a class="brand" href={to('models')}>
          Millwright
        </a>
        <nav aria-label="Main">
          <ul>
            {SECTIONS.filter(({ part }) => part === undefined || session?.parts[part] === true).map(
              ({ page, label, of }) => (
                <li key={page}>
                  <a href={to(page)} aria-current={of.includes(place.page) ? 'page' : undefined}>
                    {label}
                  </a>
                </li>
              ),
            )}
          </ul>
        </nav>
        {session !== undefined && (
          <p class="who">{session.writes ? (session.actor ?? 'Not signed in') : 'Read only'}</p>
        )}
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {error !== undefined ? <Failure error={error} /> : session === undefined ? <Waiting /> : <Page {...place} />}
      </main>
    </SessionContext.Provider>
  );
}

const SECTIONS: readonly {
  readonly page: string;
  readonly label: string;
  readonly of: readonly string[];
  readonly part?: keyof Session['parts'];
}[] = [
  { page: 'models', label: 'Models', of: ['models', 'versions', 'lineage'] },
  { page: 'rollouts', label: 'Rollouts', of: ['rollouts'] },
  { page: 'drift', label: 'Drift', of: ['drift'], part: 'monitors' },
  { page: 'reviews', label: 'Reviews', of: ['reviews'], part: 'reviews' },
  { page: 'ledger', label: 'Ledger', of: ['ledger'] },
];

function Page({ page, id }: Place) {
  switch (page) {
    case 'models':
      return id === undefined ? <ModelsPage /> : <ModelPage key={id} name={id} />;
    case 'versions':
      if (id !== undefined) return <VersionPage key={id} id={id} />;
      break;
    case 'lineage':
      if (id !== undefined) return <LineagePage key={id} node={id} />;
      break;
    case 'rollouts':
      return id === undefined ? <RolloutsPage /> : <RolloutPage key={id} id={id} />;
    case 'drift':
      return id === undefined ? <MonitorsPage /> : <MonitorPage key={id} name={id} />;
    case 'reviews':
      return id === undefined ? <ReviewsPage /> : <ReviewPage key={id} id={id} />;
    case 'ledger':
      return <LedgerPage />;
  }
  return (
    <>
      <h1>Nothing here</h1>
      <p>
        There is no such page. <a href={to('models')}>To the models</a>
      </p>
    </>
  );
}
